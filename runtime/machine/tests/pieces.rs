//! A long program is in the log in pieces.

use serde_json::json;
use weir_contract::manifest::Manifest;
use weir_log::Record;
use weir_machine::Machine;
use weir_machine::pieces::cut;

/// A program with so many entities.
fn program(name: &str, entities: usize) -> Manifest {
    let entity = |n| {
        json!({
            "name": format!("Thing{n}"), "keys": [{ "name": "id", "ty": "text" }],
            "fields": [{ "name": "n", "ty": "int", "public": true }],
            "slots": [{ "path": ["n"], "kind": { "scalar": "int" } }],
        })
    };
    let manifest = json!({
        "version": 1, "program": name, "module_sha256": "00", "defs": [], "functions": [], "tests": [], "sites": [],
        "entities": (0..entities).map(entity).collect::<Vec<_>>(), "sources": [],
    });
    Manifest::from_json(manifest.to_string().as_bytes()).unwrap()
}

/// What puts it in force.
fn record(manifest: &Manifest) -> Record {
    Machine::new().deploy(manifest, 1).unwrap().unwrap()
}

fn follow(machine: &mut Machine, records: &[Record]) -> Result<(), String> {
    for record in records {
        machine
            .apply(record.kind, &record.body)
            .map_err(|error| error.0)?;
    }
    Ok(())
}

#[test]
fn pieces_fit_and_are_the_record_when_all_are_there() {
    let large = record(&program("large", 200));
    let whole = large.encoded_bytes();
    let mut expected = Machine::new();
    follow(&mut expected, std::slice::from_ref(&large)).unwrap();
    for bytes_max in [200, 1_000, 1_024, whole / 2, whole - 1] {
        let pieces = cut(large.clone(), bytes_max);
        assert!(pieces.len() > 1);
        assert!(
            pieces
                .iter()
                .all(|piece| piece.encoded_bytes() <= bytes_max)
        );
        let mut machine = Machine::new();
        let (last, before) = pieces.split_last().unwrap();
        follow(&mut machine, before).unwrap();
        assert_eq!(machine.program(), None, "only the last one has an effect");
        follow(&mut machine, std::slice::from_ref(last)).unwrap();
        assert_eq!(machine.snapshot(), expected.snapshot());
    }
    assert_eq!(cut(large.clone(), whole), [large]);
}

#[test]
fn what_a_crash_has_left_of_them_has_no_effect() {
    let pieces = cut(record(&program("large", 200)), 2_000);
    let other = record(&program("other", 1));
    let more = cut(record(&program("more", 300)), 2_000);
    let mut machine = Machine::new();
    let mut name_after = |records: &[Record]| {
        follow(&mut machine, records).unwrap();
        machine.program().map(|program| program.program.clone())
    };
    assert_eq!(name_after(&pieces[..3]), None);
    assert_eq!(name_after(&pieces), Some("large".to_owned()));
    assert_eq!(name_after(&more[..1]), Some("large".to_owned()));
    assert_eq!(name_after(&[other]), Some("other".to_owned()));
    assert_eq!(name_after(&more), Some("more".to_owned()));
}

#[test]
fn a_piece_that_is_missing_is_told() {
    let pieces = cut(record(&program("large", 200)), 2_000);
    for missing in 0..pieces.len() - 1 {
        let mut some = pieces.clone();
        some.remove(missing);
        let why = follow(&mut Machine::new(), &some).unwrap_err();
        assert!(why.contains("a piece of a program"), "{why}");
    }
    for wrong in [
        &[][..],
        &[4],
        &[4, 0],
        &[4, 0, 0, 0],
        &[9, 0, 2, 0],
        &[4, 0, 2, 200, 1],
    ] {
        let piece = Record::new(pieces[0].kind, wrong.to_vec());
        assert!(follow(&mut Machine::new(), &[piece]).is_err());
    }
}
