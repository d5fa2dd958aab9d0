//! The walk that applies defaults, prepared once for a set of types. The rules themselves are in the families.

use schema::{Field, FieldType, Map, SmolStr, TypeId, Types, Value};

use super::{FAMILIES, Now, Rule, fill, resources};

/// What to do for each type, by its id; nothing for types without any rule below them.
pub(super) struct Plan {
    types: Vec<Option<Work>>,
}

/// What to do for the objects of one type.
#[derive(Default)]
struct Work {
    rules: Vec<Rule>,
    fills: Vec<FieldDefault>,
    /// Fields with work below them, by name.
    inner: Vec<Inner>,
    /// Messages held by value whose rules fill something even when the field is absent.
    absent: Vec<(SmolStr, TypeId)>,
}

/// A fixed value for one field.
struct FieldDefault {
    name: SmolStr,
    value: Value,
    /// Set when nil only; otherwise when empty.
    pointer: bool,
}

/// A field with work below it.
struct Inner {
    name: SmolStr,
    shape: Shape,
}

/// Where below a field the work is.
enum Shape {
    Message(TypeId),
    List(Box<Shape>),
    Map(Box<Shape>),
    /// A core ResourceList.
    Resources,
}

impl Plan {
    /// Joins the rules with the declared defaults of `types`.
    pub(super) fn new(types: &Types) -> Self {
        let mut plan = Plan { types: Vec::new() };
        let mut own: Vec<Work> = types.iter().map(|(_, schema)| own_work(&schema.name)).collect();
        let busy = busy_types(types, &own);
        for (id, schema) in types.iter() {
            let mut work = std::mem::take(&mut own[id.0 as usize]);
            collect(types, &busy, &mut work, &schema.name, &schema.fields);
            work.inner.sort_by(|a, b| a.name.cmp(&b.name));
            plan.types.push(busy[id.0 as usize].then_some(work));
        }
        plan.find_absent(types);
        plan
    }

    /// Whether there is anything to do for objects of type `id`.
    pub(super) fn has_work(&self, id: TypeId) -> bool {
        matches!(self.types.get(id.0 as usize), Some(Some(_)))
    }

    /// Applies the rules to an object of type `id` and to all in it.
    pub(super) fn walk(&self, id: TypeId, map: &mut Map, now: Now<'_>) {
        let Some(Some(work)) = self.types.get(id.0 as usize) else {
            return;
        };
        for rule in &work.rules {
            rule(map, now);
        }
        for fill in &work.fills {
            fill.set(map);
        }
        for (name, id) in &work.absent {
            if !map.contains_key(name) {
                let mut made = Map::new();
                self.walk(*id, &mut made, now);
                map.insert(name.clone(), made);
            }
        }
        self.walk_inner(&work.inner, map, now);
    }

    /// Both sides are sorted by name: one pass over both.
    fn walk_inner(&self, inner: &[Inner], map: &mut Map, now: Now<'_>) {
        let mut inner = inner.iter().peekable();
        for (key, value) in map.iter_mut() {
            while inner.next_if(|next| next.name < *key).is_some() {}
            match inner.peek() {
                None => return,
                Some(next) if next.name == *key => self.walk_shape(&next.shape, value, now),
                Some(_) => {}
            }
        }
    }

    fn walk_shape(&self, shape: &Shape, value: &mut Value, now: Now<'_>) {
        match (shape, value) {
            (Shape::Message(id), Value::Map(map)) => self.walk(*id, map, now),
            (Shape::List(item), Value::List(list)) => {
                list.iter_mut()
                    .for_each(|value| self.walk_shape(item, value, now));
            }
            (Shape::Map(item), Value::Map(map)) => {
                map.values_mut()
                    .for_each(|value| self.walk_shape(item, value, now));
            }
            (Shape::Resources, Value::Map(map)) => resources::round_up_to_milli(map),
            _ => {}
        }
    }

    /// Finds, innermost first, which absent messages would not stay empty.
    fn find_absent(&mut self, types: &Types) {
        let mut known = vec![None; self.types.len()];
        for (id, _) in types.iter() {
            self.acts_on_nothing(types, id, &mut known);
        }
    }

    /// Whether the rules of a type fill something into an empty object. Types held by value do not recur.
    fn acts_on_nothing(&mut self, types: &Types, id: TypeId, known: &mut [Option<bool>]) -> bool {
        let at = id.0 as usize;
        if let Some(answer) = known[at] {
            return answer;
        }
        known[at] = Some(false);
        for (name, held) in held_by_value(types, id) {
            if self.acts_on_nothing(types, held, known)
                && let Some(work) = &mut self.types[at]
            {
                work.absent.push((name, held));
            }
        }
        let mut made = Map::new();
        self.walk(id, &mut made, Now("1970-01-01T00:00:00Z"));
        known[at] = Some(!made.is_empty());
        !made.is_empty()
    }
}

impl FieldDefault {
    fn set(&self, map: &mut Map) {
        let missing = if self.pointer {
            fill::is_nil(map, &self.name)
        } else {
            fill::is_empty(map, &self.name)
        };
        if missing {
            map.insert(self.name.clone(), self.value.clone());
        }
    }
}

/// The rules that the families have for a message.
fn own_work(message: &str) -> Work {
    let mut work = Work::default();
    for family in FAMILIES.iter().copied().flatten() {
        let Some(name) = message.strip_prefix(family.prefix) else {
            continue;
        };
        work.rules.extend(
            family
                .rules
                .iter()
                .filter(|(of, _)| *of == name)
                .map(|(_, rule)| *rule),
        );
        for (fixed, pointer) in [(family.nil, true), (family.empty, false)] {
            let fixed = fixed.iter().filter(|(of, _, _)| *of == name);
            work.fills.extend(fixed.map(|(_, field, fill)| FieldDefault {
                name: SmolStr::new_static(field),
                value: fill.value(),
                pointer,
            }));
        }
    }
    work
}

/// Declared defaults and fields with work, those of inlined messages included.
fn collect(types: &Types, busy: &[bool], work: &mut Work, message: &str, fields: &[Field]) {
    for field in fields {
        if let (true, FieldType::Message(id)) = (field.inline, &field.ty) {
            let schema = types.get(*id);
            let inlined = own_work(&schema.name);
            work.rules.extend(inlined.rules);
            work.fills.extend(inlined.fills);
            collect(types, busy, work, &schema.name, &schema.fields);
            continue;
        }
        if let Some(value) = declared(field) {
            work.fills.push(FieldDefault {
                name: field.json.clone(),
                value,
                pointer: field.pointer,
            });
        }
        if let Some(shape) = shape(busy, message, &field.ty) {
            work.inner.push(Inner {
                name: field.json.clone(),
                shape,
            });
        }
    }
}

/// A declared default that shows: a zero in a field without pointer does not.
fn declared(field: &Field) -> Option<Value> {
    field
        .default
        .clone()
        .filter(|value| field.pointer || !value.is_zero())
}

fn shape(busy: &[bool], message: &str, ty: &FieldType) -> Option<Shape> {
    match ty {
        FieldType::Message(id) => busy[id.0 as usize].then_some(Shape::Message(*id)),
        FieldType::List(item) => Some(Shape::List(Box::new(shape(busy, message, item)?))),
        FieldType::Map(item) if **item == FieldType::Quantity => {
            resources::is_resource_list(message).then_some(Shape::Resources)
        }
        FieldType::Map(item) => Some(Shape::Map(Box::new(shape(busy, message, item)?))),
        _ => None,
    }
}

/// Which types have a rule in them or below them.
fn busy_types(types: &Types, own: &[Work]) -> Vec<bool> {
    let mut busy: Vec<bool> = own
        .iter()
        .map(|work| !(work.rules.is_empty() && work.fills.is_empty()))
        .collect();
    loop {
        let mut grew = false;
        for (id, schema) in types.iter() {
            let has_work =
                |field: &Field| declared(field).is_some() || shape(&busy, &schema.name, &field.ty).is_some();
            if !busy[id.0 as usize] && schema.fields.iter().any(has_work) {
                busy[id.0 as usize] = true;
                grew = true;
            }
        }
        if !grew {
            return busy;
        }
    }
}

/// The fields of a type that hold a message by value, those of inlined messages included.
fn held_by_value(types: &Types, id: TypeId) -> Vec<(SmolStr, TypeId)> {
    let mut held = Vec::new();
    for field in types.get(id).fields.iter().filter(|field| !field.pointer) {
        if let FieldType::Message(of) = field.ty {
            if field.inline {
                held.extend(held_by_value(types, of));
            } else {
                held.push((field.json.clone(), of));
            }
        }
    }
    held
}
