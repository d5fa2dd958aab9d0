//! The `LabelSelector` object of the API to requirements.

use schema::{SmolStr, Value};

use super::{Operator, ParseError, Requirement};
use crate::field::{self, Path, quote};

pub(super) fn requirements(object: &Value) -> Result<Vec<Requirement>, ParseError> {
    let mut requirements = Vec::new();
    for (key, value) in object
        .map_at(&["matchLabels"])
        .into_iter()
        .flat_map(|labels| labels.iter())
    {
        let value = SmolStr::new(value.as_str().unwrap_or_default());
        requirements.push(checked(key.clone(), Operator::Equals, vec![value])?);
    }
    for expression in object.list_at(&["matchExpressions"]) {
        let key = SmolStr::new(expression.str_at(&["key"]).unwrap_or_default());
        let operator = operator(expression.str_at(&["operator"]).unwrap_or_default())?;
        let values = expression
            .list_at(&["values"])
            .iter()
            .filter_map(Value::as_str)
            .map(SmolStr::new)
            .collect();
        requirements.push(checked(key, operator, values)?);
    }
    Ok(requirements)
}

fn operator(name: &str) -> Result<Operator, ParseError> {
    Ok(match name {
        "In" => Operator::In,
        "NotIn" => Operator::NotIn,
        "Exists" => Operator::Exists,
        "DoesNotExist" => Operator::DoesNotExist,
        other => {
            return Err(ParseError(format!(
                "{} is not a valid label selector operator",
                quote(other)
            )));
        }
    })
}

fn checked(key: SmolStr, operator: Operator, values: Vec<SmolStr>) -> Result<Requirement, ParseError> {
    Requirement::new(key, operator, values, &Path::none())
        .map_err(|errors| ParseError(field::aggregate(&errors).unwrap_or_default()))
}
