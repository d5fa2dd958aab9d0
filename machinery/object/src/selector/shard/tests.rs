use proptest::prelude::*;

use super::*;

const FULL: &str = "shardRange(object.metadata.uid, '0x0000000000000000', '0x10000000000000000')";

fn parsed(text: &str) -> Selector {
    Selector::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> String {
    Selector::parse(text)
        .map(|selector| panic!("{text} is taken as {selector}"))
        .unwrap_or_else(|error| error.to_string())
}

fn range(field: &str, start: u128, end: u128) -> String {
    format!("shardRange(object.metadata.{field}, '0x{start:016x}', '0x{end:016x}')")
}

/// With this hash in both fields.
fn hashed(hash: u64) -> Hashes {
    Hashes {
        uid: hash,
        namespace: hash,
    }
}

#[test]
fn the_hash_is_fnv_1a() {
    // From the authors' test vectors.
    assert_eq!(hash(""), 0xcbf2_9ce4_8422_2325);
    assert_eq!(hash("a"), 0xaf63_dc4c_8601_ec8c);
    assert_eq!(hash("foobar"), 0x8594_4171_f739_67e8);
}

#[test]
fn ranges_begin_with_their_start_and_stop_before_their_end() {
    let selector = parsed(&format!("{} || {}", range("uid", 16, 32), range("uid", 64, 65)));
    let selected: Vec<u64> = (0..100).filter(|hash| selector.matches(&hashed(*hash))).collect();
    let wanted: Vec<u64> = (16..32).chain([64]).collect();
    assert_eq!(selected, wanted);
    for hash in [0, 1, u64::MAX] {
        assert!(parsed(FULL).matches(&hashed(hash)));
    }
}

#[test]
fn the_field_that_is_named_is_hashed() {
    let hashes = Hashes::of("a", "b");
    let around = |text| (u128::from(hash(text)), u128::from(hash(text)) + 1);
    let selects = |field: &str, (start, end)| parsed(&range(field, start, end)).matches(&hashes);
    assert!(selects("uid", around("a")) && !selects("uid", around("b")));
    assert!(selects("namespace", around("b")) && !selects("namespace", around("a")));
}

#[test]
fn what_is_echoed_is_the_normal_form() {
    let (low, high) = (range("uid", 0, 1 << 63), range("uid", 1 << 63, 1 << 64));
    for text in [FULL.to_owned(), low.clone(), format!("{high} || {low}")] {
        assert_eq!(parsed(&text).to_string(), text);
    }
    let odd = low.replace(", ", " ,\t").replace('(', "( ").replace('\'', "\"");
    assert_eq!(
        parsed(&format!(" ({odd})||({high} ) ")).to_string(),
        format!("{low} || {high}")
    );
}

#[test]
fn refusals_say_why() {
    let start = |bound: &str| format!("shardRange(object.metadata.uid, {bound}, '0x8000000000000000')");
    let cases = [
        (
            " ".to_owned(),
            "empty shard selector is not allowed; omit the parameter for unfiltered lists",
        ),
        (start("'00'"), "hexStart must have '0x' prefix, got \"00\""),
        (start("'0x'"), "hexStart: hex value is required after '0x'"),
        (
            start("'0x0'"),
            "hexStart must be a 0x-prefixed 16-digit hex value, got \"0x0\" (did you mean \"0x0000000000000000\"?)",
        ),
        (
            start("'0x20000000000000000'"),
            "hexStart: 17-digit hex value must be '0x10000000000000000' (2^64), got \"0x20000000000000000\"",
        ),
        (
            start("'0x000000000000000000'"),
            "hexStart: hex value too long (18 chars, max 17): \"000000000000000000\"",
        ),
        (
            start("'0x0G'"),
            "hexStart: invalid hex character \"G\" in \"0x0G\"",
        ),
        (start("0"), "hexStart must be a string literal, got int64"),
        (
            start("'0x8000000000000000'"),
            "shard range start 0x8000000000000000 must be less than end 0x8000000000000000",
        ),
        (
            "shardRange(object.metadata.uid, '0x0')".to_owned(),
            "shardRange() requires exactly 3 arguments, got 2",
        ),
        (
            "shardRange(object.metadata.name, '0x00', '0x80')".to_owned(),
            "unsupported field path \"object.metadata.name\"; supported: object.metadata.uid, object.metadata.namespace",
        ),
        (
            "other(1)".to_owned(),
            "unsupported function \"other\"; only shardRange() and || are allowed",
        ),
        (
            format!("{FULL} && {FULL}"),
            "unsupported function \"_&&_\"; only shardRange() and || are allowed",
        ),
        (
            "object.metadata.uid > '0x0'".to_owned(),
            "unsupported function \"_>_\"; only shardRange() and || are allowed",
        ),
        (
            format!("{FULL} || {}", FULL.replace("uid", "namespace")),
            "all shard ranges must use the same field, got \"object.metadata.uid\" and \"object.metadata.namespace\"",
        ),
    ];
    for (text, why) in cases {
        assert_eq!(refused(&text), why, "{text}");
    }
    for text in [
        format!("{FULL} ||"),
        format!("{FULL} {FULL}"),
        "(".repeat(100_000),
        "shardRange('".to_owned(),
    ] {
        assert!(refused(&text).starts_with("CEL parse error: "));
    }
}

proptest! {
    /// Ranges from cut to cut share all hashes among them.
    #[test]
    fn disjoint_ranges_are_together_everything(
        cuts in prop::collection::btree_set(1u64.., 0..8),
        deal in prop::collection::vec(0usize..3, 9),
        hashes in prop::collection::vec(any::<u64>(), 1..50),
    ) {
        let bounds: Vec<u128> =
            [0].into_iter().chain(cuts.iter().map(|cut| u128::from(*cut))).chain([1 << 64]).collect();
        let mut hands = [const { Vec::new() }; 3];
        for (at, bounds) in bounds.windows(2).enumerate() {
            hands[deal[at]].push(range("uid", bounds[0], bounds[1]));
        }
        let selectors: Vec<Selector> =
            hands.iter().filter(|hand| !hand.is_empty()).map(|hand| parsed(&hand.join(" || "))).collect();
        let edges = cuts.iter().flat_map(|cut| [*cut, cut - 1]).chain([0, u64::MAX]);
        for hash in hashes.iter().copied().chain(edges) {
            let owners = selectors.iter().filter(|selector| selector.matches(&hashed(hash))).count();
            prop_assert_eq!(owners, 1, "{:x}", hash);
        }
    }

    /// Ranges that overlap, in any order, select what one of them does.
    #[test]
    fn overlapping_ranges_select_what_any_of_them_does(
        ranges in prop::collection::vec((0u64..40, 1u64..20), 1..6),
    ) {
        let texts: Vec<String> = ranges.iter().map(|(start, length)| {
            range("uid", u128::from(*start), u128::from(start + length))
        }).collect();
        let selector = parsed(&texts.join(" || "));
        for hash in 0..70 {
            let wanted = ranges.iter().any(|(start, length)| (*start..start + length).contains(&hash));
            prop_assert_eq!(selector.matches(&hashed(hash)), wanted);
        }
    }

    #[test]
    fn no_text_is_too_odd_to_be_refused(text in "[a-z.,()|&'\" 0x!<]{0,60}") {
        drop(Selector::parse(&text));
    }
}
