//! Parts of moments and durations. Moments are read in UTC, or where a zone says: by name, or by its distance (`-03:30`).

use jiff::civil::{DateTime, date};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::no_overload;
use crate::function::Declared;
use crate::value::{Error, Outcome, Value};

const OF_MOMENT: &[&str] = &["timestamp.() int", "timestamp.(string) int"];
const OF_BOTH: &[&str] = &["timestamp.() int", "timestamp.(string) int", "duration.() int"];
const MINUTE_NANOS: i64 = 60_000_000_000;

pub const ALL: &[Declared] = &[
    ("getFullYear", OF_MOMENT, |args| {
        part("getFullYear", args, |at| at.year().into())
    }),
    ("getMonth", OF_MOMENT, |args| {
        part("getMonth", args, |at| i64::from(at.month()) - 1)
    }),
    ("getDate", OF_MOMENT, |args| {
        part("getDate", args, |at| at.day().into())
    }),
    ("getDayOfMonth", OF_MOMENT, |args| {
        part("getDayOfMonth", args, |at| i64::from(at.day()) - 1)
    }),
    ("getDayOfWeek", OF_MOMENT, |args| {
        part("getDayOfWeek", args, |at| {
            at.weekday().to_sunday_zero_offset().into()
        })
    }),
    ("getDayOfYear", OF_MOMENT, |args| {
        part("getDayOfYear", args, |at| i64::from(at.day_of_year()) - 1)
    }),
    ("getHours", OF_BOTH, |args| {
        either(
            "getHours",
            args,
            |at| at.hour().into(),
            |nanos| nanos / (60 * MINUTE_NANOS),
        )
    }),
    ("getMinutes", OF_BOTH, |args| {
        either(
            "getMinutes",
            args,
            |at| at.minute().into(),
            |nanos| nanos / MINUTE_NANOS,
        )
    }),
    ("getSeconds", OF_BOTH, |args| {
        either(
            "getSeconds",
            args,
            |at| at.second().into(),
            |nanos| nanos / 1_000_000_000,
        )
    }),
    ("getMilliseconds", OF_BOTH, |args| {
        either(
            "getMilliseconds",
            args,
            |at| at.millisecond().into(),
            |nanos| nanos / 1_000_000,
        )
    }),
];

fn either<'a>(
    name: &str,
    args: &[Value<'a>],
    of: fn(DateTime) -> i64,
    of_nanos: fn(i64) -> i64,
) -> Outcome<'a> {
    match args {
        [Value::Duration(nanos)] => Ok(Value::Int(of_nanos(*nanos))),
        _ => part(name, args, of),
    }
}

fn part<'a>(name: &str, args: &[Value<'a>], of: fn(DateTime) -> i64) -> Outcome<'a> {
    let (time, zone) = match args {
        [Value::Timestamp(time)] => (time, TimeZone::UTC),
        [Value::Timestamp(time), Value::String(name)] => (time, zone(name)?),
        _ => return no_overload(name, args),
    };
    // The last hours of the year 9999 are beyond what zones are asked for: they are at the offset of the moment before.
    let [first, last] = [Timestamp::MIN, Timestamp::MAX].map(Timestamp::as_second);
    let known = Timestamp::from_second(time.seconds.clamp(first, last));
    let known = known.map_err(|_| Error::failed("timestamp overflow"))?;
    let offset = i64::from(zone.to_offset(known).seconds());
    let since = SignedDuration::new(
        time.seconds.saturating_add(offset),
        i32::try_from(time.nanos).unwrap_or_default(),
    );
    let at = date(1970, 1, 1).at(0, 0, 0, 0).checked_add(since);
    let at = at.map_err(|_| Error::failed("timestamp overflow"))?;
    Ok(Value::Int(of(at)))
}

fn zone(name: &str) -> Result<TimeZone, Error> {
    let unknown = || Error::failed(format!("unknown time zone {name}"));
    if matches!(name, "" | "UTC") {
        return Ok(TimeZone::UTC);
    }
    let Some((hours, minutes)) = name.split_once(':') else {
        // Names are looked for whatever their case; Go tells them apart.
        let found = TimeZone::get(name)
            .ok()
            .filter(|zone| zone.iana_name() == Some(name));
        return found.ok_or_else(unknown);
    };
    let size = |text: &str| {
        text.trim_start_matches(['-', '+'])
            .parse::<i32>()
            .ok()
            .filter(|size| *size < 60)
    };
    let seconds = size(hours)
        .zip(size(minutes))
        .map(|(hours, minutes)| hours * 3600 + minutes * 60);
    let seconds = seconds.ok_or_else(unknown)? * if name.starts_with('-') { -1 } else { 1 };
    Offset::from_seconds(seconds)
        .map(TimeZone::fixed)
        .map_err(|_| unknown())
}
