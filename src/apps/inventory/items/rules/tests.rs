use super::*;

fn salmon() -> ItemInput {
    ItemInput {
        item_number: "SAL-1".to_owned(),
        name: "Salmon fillet".to_owned(),
        unit: "kg".to_owned(),
        ..ItemInput::default()
    }
}

fn codes(input: &ItemInput) -> Vec<(String, &'static str)> {
    let faults = check(input).unwrap_err();
    faults.into_iter().map(|fault| (fault.field, fault.code)).collect()
}

#[test]
fn the_least_item_has_a_number_a_name_and_a_unit() {
    let draft = check(&salmon()).unwrap();

    assert_eq!(draft.qty_step, Qty::FINEST);
    assert_eq!(draft.unit_cost, Given::Keep);
    assert_eq!((draft.category, draft.min_qty, draft.barcodes.len()), (None, None, 0));
}

#[test]
fn every_wrong_field_is_named_at_once() {
    let input = ItemInput {
        item_number: "  ".to_owned(),
        unit: "x".repeat(300),
        qty_step: Some("0".to_owned()),
        min_qty: Some("1e3".to_owned()),
        max_qty: Some("-5".to_owned()),
        unit_cost: Given::To(Some("1,50".to_owned())),
        temp_zone: Some("warm".to_owned()),
        notes: Some("a\u{202e}b".to_owned()),
        ..salmon()
    };

    let expected = [
        ("item_number", "text-empty"),
        ("unit", "text-too-long"),
        ("qty_step", "amount-zero"),
        ("min_qty", "amount-exponent"),
        ("max_qty", "amount-negative"),
        ("unit_cost", "amount-comma"),
        ("temp_zone", "temp-zone"),
        ("notes", "text-hidden-characters"),
    ];
    assert_eq!(codes(&input), expected.map(|(field, code)| (field.to_owned(), code)));
}

#[test]
fn the_maximum_is_not_below_the_minimum() {
    let input =
        ItemInput { min_qty: Some("5".to_owned()), max_qty: Some("4.999".to_owned()), ..salmon() };
    assert_eq!(codes(&input), [("max_qty".to_owned(), "max-below-min")]);
}

#[test]
fn numbers_that_look_the_same_are_the_same_number() {
    let number = |text: &str| {
        let draft = check(&ItemInput { item_number: text.to_owned(), ..salmon() });
        draft.unwrap().item_number_key()
    };
    assert_eq!(number(" sal  1"), number("SAL 1 "));
    assert_eq!(number("Cre\u{300}me"), number("crème"));
}

#[test]
fn an_empty_cost_clears_it_and_an_absent_one_keeps_it() {
    let cost = |given| check(&ItemInput { unit_cost: given, ..salmon() }).unwrap().unit_cost;
    assert_eq!(cost(Given::To(None)), Given::To(None));
    assert_eq!(cost(Given::Keep).or(Some(Money::ZERO)), Some(Money::ZERO));
}

#[test]
fn barcodes_know_their_kind_and_are_not_listed_twice() {
    let with = |code: &str, kind: Option<&str>| BarcodeInput {
        code: code.to_owned(),
        kind: kind.map(ToOwned::to_owned),
        pack_qty: Some("12".to_owned()),
    };
    let input = ItemInput {
        barcodes: vec![
            with("4006381333931", None),
            with("4006381333932", None),
            with("https://example.org/1", None),
        ],
        ..salmon()
    };
    let kinds: Vec<_> =
        check(&input).unwrap().barcodes.into_iter().map(|barcode| barcode.kind).collect();
    assert_eq!(kinds, [BarcodeKind::Ean, BarcodeKind::Code128, BarcodeKind::Qr]);

    let input = ItemInput {
        barcodes: vec![with("4006381333932", Some("ean")), with("A", None), with("A", None)],
        ..salmon()
    };
    let expected = [("barcodes[0]", "barcode-check-digit"), ("barcodes[2]", "barcode-twice")];
    assert_eq!(codes(&input), expected.map(|(field, code)| (field.to_owned(), code)));
}

#[test]
fn barcodes_are_bounded() {
    let one = BarcodeInput { code: "A".to_owned(), ..BarcodeInput::default() };
    let input = ItemInput { barcodes: vec![one; BARCODES_MAX + 1], ..salmon() };
    assert_eq!(codes(&input), [("barcodes".to_owned(), "too-many-barcodes")]);
}

#[test]
fn the_unit_stays_while_there_is_stock() {
    assert!(check_unit("kg", "kg", true).is_ok());
    assert!(check_unit("kg", "l", false).is_ok());
    assert!(check_unit("kg", "l", true).is_err());
}
