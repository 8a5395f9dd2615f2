//! Runs over many steps: waits, events, outside calls, parallel, undo, cancel, bugs, messages. Every record is replayed.

use crate::scripts::{GO, NOTE, RUN, World, is_output};
use weir_machine::{Answer, Ended, Machine, StepCap};

/// The result of a run, in short.
fn ended(world: &World, run: u64) -> &'static str {
    match world.ended.iter().find(|(n, _)| *n == run) {
        Some((_, Ended::Output(output))) if output[0] == 0 => "ok",
        Some((_, Ended::Output(output))) if output[0] == 1 => "failed",
        Some((_, Ended::Cancelled)) => "cancelled",
        Some(_) => "other",
        None => "goes on",
    }
}

#[test]
fn a_sleep_ends_the_step_and_the_rest_runs_at_its_time() {
    let mut world = World::new();
    let done = world.go("log a; sleep 50; log b; until 1200; log c");
    assert_eq!(done.answer, Answer::GoesOn);
    assert_eq!(world.log(), "a");
    assert_eq!(world.machine.next_due(), Some(1050));
    world.pass(49);
    assert_eq!(world.log(), "a");
    world.pass(1);
    assert_eq!(world.log(), "a b");
    world.pass(1000);
    assert_eq!(world.log(), "a b c");
    assert_eq!(ended(&world, done.run), "ok");
    assert_eq!(
        world.machine.result(done.run),
        Some(Answer::Output(vec![0]))
    );
}

#[test]
fn a_run_that_ends_at_once_is_a_plain_call() {
    let mut world = World::new();
    let done = world.go("log a");
    assert!(is_output(&done, &[0]));
    assert!(world.machine.run_json(done.run).unwrap().is_none());
    assert!(is_output(&world.go("log b; fail"), &[1, 4]));
    let nothing = world.go("");
    assert!(nothing.record.is_none(), "nothing to keep is no record");
}

#[test]
fn events_are_kept_until_they_are_waited_for_and_come_in_order() {
    let mut world = World::new();
    assert_eq!(world.event("o", 0, "ann"), "no run");
    world.order(
        "o",
        "sleep 10; wait 0 1; wait 0; wait 0 1 within 5; log end",
    );
    assert_eq!(world.event("o", 1, ""), "taken");
    assert_eq!(world.event("o", 0, "ann"), "taken");
    world.pass(10);
    assert_eq!(world.log(), "rejected approved:ann");
    world.pass(4);
    assert_eq!(world.log(), "rejected approved:ann");
    world.pass(1);
    assert_eq!(world.log(), "rejected approved:ann nothing end");
    assert_eq!(world.event("o", 0, "late"), "ended");

    world.order("p", "wait 1; wait 0; log end");
    assert_eq!(world.event("p", 0, "early"), "taken");
    world.settle();
    assert_eq!(world.event("p", 1, ""), "taken");
    world.settle();
    assert!(world.log().ends_with("rejected approved:early end"));
}

#[test]
fn an_event_with_an_idempotency_key_is_taken_once() {
    let mut world = World::new();
    world.order("o", "wait 0; wait 0 within 5; log end");
    assert_eq!(world.event_with("o", 0, "a", Some("k")), "taken");
    assert_eq!(world.event_with("o", 0, "a", Some("k")), "again");
    assert_eq!(world.event_with("o", 0, "b", Some("k")), "key reused");
    world.pass(10);
    assert_eq!(world.log(), "approved:a nothing end");
}

#[test]
fn an_outside_call_is_asked_for_once_and_its_answer_goes_on() {
    let mut world = World::new();
    world.go("charge 7; log a; charge 8 within 10; log b; post 9");
    assert_eq!(world.outside.len(), 1);
    world.answer(None);
    world.settle();
    assert_eq!(world.log(), "answer:8 a");
    let late = world.outside[0].clone();
    world.pass(10);
    assert_eq!(world.log(), "answer:8 a error:1 b");
    let dropped = world.machine.answer(late.call, vec![0, 2], world.now);
    assert!(dropped.is_none(), "nobody waits for it any more");
    world.outside.pop_front();
    assert!(
        world
            .machine
            .answer(world.outside[0].call, vec![7], world.now)
            .is_none(),
        "no answer of that function"
    );
    world.answer(Some(3));
    world.settle();
    assert_eq!(world.log(), "answer:8 a error:1 b error:3");
}

#[test]
fn frames_of_functions_go_on_innermost_first_in_one_step() {
    let mut world = World::new();
    world.go("sub (log a; sub (sleep 5; log b); log c; sleep 5; fail); log d");
    let before = world.records.len();
    world.pass(5);
    assert_eq!(world.log(), "a b ok c");
    assert_eq!(world.records.len(), before + 1);
    world.pass(5);
    assert_eq!(world.log(), "a b ok c error:4 d");
}

#[test]
fn parallel_joins_in_source_order_whatever_ends_first() {
    let mut world = World::new();
    world.go("par (sleep 9; give 1) (give 2) (sleep 5; give 3); log end; par; log really");
    world.pass(20);
    assert_eq!(world.log(), "joined:[1,2,3] end joined:[] really");
}

#[test]
fn the_first_failure_waits_for_those_in_flight_and_drops_those_not_begun() {
    let mut world = World::new();
    world.go("par (sleep 9; log slow) (log b; fail) (log never)");
    world.settle();
    assert_eq!(world.log(), "b");
    world.pass(8);
    assert_eq!(world.log(), "b");
    world.pass(1);
    assert_eq!(world.log(), "b slow error:4");
}

#[test]
fn a_failing_run_undoes_last_first_one_step_each() {
    let mut world = World::new();
    let done = world.order(
        "o",
        "undo a; sleep 1; undo b; par (undo c; sleep 1; undo d); fail",
    );
    world.pass(10);
    assert_eq!(world.log(), "joined:[0] undo:d undo:c undo:b undo:a");
    assert_eq!(ended(&world, done.run), "failed");
    let good = world.order("p", "undo x; sleep 1; log good");
    world.pass(10);
    assert_eq!(ended(&world, good.run), "ok");
    assert!(world.log().ends_with("undo:a good"), "no failure, no undo");
}

#[test]
fn a_bug_parks_the_strand_and_resume_runs_the_same_step() {
    let mut world = World::new();
    let first = world.order("o", "log a; bug; log b; wait 0 within 5; log c; bug; log d");
    assert!(matches!(first.answer, Answer::Bug(_)));
    assert_eq!(world.log(), "", "nothing of the step is left");
    let shown = world.run_json(first.run);
    assert_eq!(shown["state"], "parked");
    let bug = &shown["strands"][0]["bug"];
    assert_eq!(bug["reason"], "overflow");
    assert_eq!(bug["called_from"], serde_json::json!(["?", "?"]));
    old_snapshot_without_callers(&world.machine, first.run);
    world.pass(100);
    assert_eq!(world.log(), "");
    world.steps.mended = true;
    assert!(world.resume(first.run));
    assert!(!world.resume(first.run));
    world.settle();
    assert_eq!(world.log(), "a b");
    world.steps.mended = false;
    world.pass(5);
    assert_eq!(world.run_json(first.run)["state"], "parked");
    world.restart(3);
    world.steps.mended = true;
    world.resume(first.run);
    world.settle();
    assert_eq!(world.log(), "a b nothing c d");
}

/// Until version 3 a parked strand was kept with the place and the reason of its bug alone.
fn old_snapshot_without_callers(machine: &Machine, run: u64) {
    let snapshot = machine.of_records();
    // What is known of two streams that are empty came later, and that there are no replicas.
    let snapshot = &snapshot[..snapshot.len() - 12];
    let new = b"\x09\x01?\x08overflow\x00\x02\x01?\x01?";
    let old = b"\x07\x01?\x08overflow";
    let at = snapshot.windows(new.len()).position(|w| w == new);
    let at = at.expect("a parked strand");
    let bytes = [&[3], &snapshot[1..at], old, &snapshot[at + new.len()..]].concat();
    let restored = Machine::restore(&bytes).unwrap();
    let shown = restored.run_json(run).unwrap().unwrap();
    let bug = serde_json::json!({ "at": "?", "reason": "overflow" });
    assert_eq!(shown["strands"][0]["bug"], bug);
}

#[test]
fn messages_are_sent_if_and_only_if_the_step_is_kept() {
    let mut world = World::new();
    world.go("note x one; try (note x two; send o (log never)); note x three; send o (log run)");
    world.settle();
    assert_eq!(world.log_of("x"), "one three");
    assert_eq!(world.log(), "run");
    world.go("note x four; bug");
    world.settle();
    assert_eq!(world.log_of("x"), "one three");
}

#[test]
fn a_message_for_later_can_be_taken_back_until_it_begins() {
    let mut world = World::new();
    world.go("note_after 10 x one; cancel; note_after 10 x two; note x three");
    world.pass(9);
    assert_eq!(world.log_of("x"), "three");
    world.pass(1);
    assert_eq!(world.log_of("x"), "three two");
    world.go("send_after 10 late (log no); cancel");
    world.settle();
    assert!(
        world
            .machine
            .runs_json(None, 10, true)
            .unwrap()
            .iter()
            .all(|r| r["fn"] != "Order.run")
    );
    assert_eq!(
        world.order("late", "log yes").answer,
        Answer::Output(vec![0])
    );
}

#[test]
fn events_from_inside_now_and_later() {
    let mut world = World::new();
    world.order("o", "wait 0; wait 0; wait 1; log end");
    world.go("event o 0 now; event_after 10 o 0 later; event_after 5 o 1; event nobody 1");
    world.pass(9);
    assert_eq!(world.log(), "approved:now");
    world.pass(1);
    assert_eq!(world.log(), "approved:now approved:later rejected end");
}

#[test]
fn a_second_start_of_the_same_key_answers_the_first() {
    let mut world = World::new();
    let first = world.order("o", "sleep 5; log once");
    let again = world.order("o", "log twice");
    assert_eq!((again.run, again.answer), (first.run, Answer::GoesOn));
    assert!(again.record.is_none());
    world.go("send o (log thrice); run o (log thrice)");
    world.pass(10);
    assert_eq!(world.log(), "once ok");
    world.restart(2);
    let after = world.order("o", "log again");
    assert_eq!(after.run, first.run);
    assert!(is_output(&after, &[0]));
}

#[test]
fn waiting_for_a_run_gives_its_result_or_time_is_over() {
    let mut world = World::new();
    world.go("run a (sleep 5; log a); run b (fail); run c (sleep 100) within 3; run b (log never)");
    world.pass(50);
    assert_eq!(world.log(), "a ok error:4 error:1 error:4");
    let run = world
        .machine
        .runs()
        .of_workflow(1, &crate::scripts::encode_key("c"))
        .unwrap();
    world.go("run c (log never); log told");
    world.cancel(run);
    world.settle();
    assert!(world.log().ends_with("error:0 told"));
}

#[test]
fn a_run_start_with_an_idempotency_key_is_answered_by_the_same_run() {
    let mut world = World::new();
    let first = world.call_with(GO, "", "sleep 5; log once", Some("k"));
    let again = world.call_with(GO, "", "sleep 5; log once", Some("k"));
    assert_eq!((again.run, again.answer), (first.run, Answer::GoesOn));
    assert_eq!(
        world.call_with(GO, "", "log other", Some("k")).answer,
        Answer::KeyReused
    );
    world.pass(5);
    let after = world.call_with(GO, "", "sleep 5; log once", Some("k"));
    assert_eq!(after.run, first.run);
    assert!(matches!(after.answer, Answer::Again(_)));
    let order = world.call_with(RUN, "o", "sleep 1; log order", Some("o"));
    assert_eq!(
        world
            .call_with(RUN, "o", "sleep 1; log order", Some("o"))
            .run,
        order.run
    );
}

#[test]
fn steps_are_cut_where_the_host_says() {
    for (transactions, records) in [(64, 1), (2, 2), (0, 4)] {
        let mut world = World::new();
        world.machine.step_cap = StepCap {
            transactions,
            ..StepCap::default()
        };
        let before = world.records.len();
        world.go("full; log a; full; log b; full; log c");
        world.settle();
        assert_eq!(world.log(), "a b c");
        assert_eq!(world.records.len() - before, records, "{transactions}");
    }
}

#[test]
fn chance_is_the_same_when_a_step_runs_again() {
    let script = "sleep 1; chance; bug; log end";
    let mut logs = Vec::new();
    for crash in [false, true] {
        let mut world = World::new();
        let done = world.go(script);
        world.steps.mended = !crash;
        world.pass(1);
        world.steps.mended = true;
        world.resume(done.run);
        world.settle();
        logs.push(world.log());
    }
    assert_eq!(logs[0], logs[1]);
}

#[test]
fn mocks_answer_extern_functions_and_time_passes_for_tests() {
    let mut world = World::new();
    world.go("mock; charge 5; send o (sleep 50; log slept); settle; log settled; advance 60; log advanced");
    assert_eq!(world.outside.len(), 0);
    world.pass(60);
    assert_eq!(world.log(), "answer:105 settled slept advanced");
}

#[test]
fn a_frame_that_is_too_large_is_a_bug() {
    let mut world = World::new();
    let long = "x".repeat(1 << 20);
    let done = world.go(&format!("sleep 1; log {long}"));
    let Answer::Bug(bug) = &done.answer else {
        panic!("{:?}", done.answer)
    };
    assert!(bug.reason.contains("its frames have"));
}

#[test]
fn events_are_refused_beyond_a_number() {
    let mut world = World::new();
    world.order("o", "sleep 10; log end");
    let mut machine = world.machine.clone();
    let sent = weir_machine::Sent {
        to: weir_machine::EventTo {
            entity: 1,
            key: crate::scripts::encode_key("o").into(),
            event: 1,
            args: Box::default(),
        },
        caller: String::new(),
        roles: Vec::new(),
        idempotency: None,
    };
    for n in 0..=weir_contract::limits::EVENTS_MAX {
        let taken = machine.send_event(&mut world.steps, &world.manifest, &sent, world.now);
        let is_full = matches!(taken, weir_machine::Taken::Full);
        assert_eq!(is_full, n == weir_contract::limits::EVENTS_MAX);
    }
}

#[test]
fn runs_are_shown_with_what_they_wait_for_and_their_cells() {
    let mut world = World::new();
    let done = world.order("o 1", "sub (wait 0 1 within 60000000; log x); log y");
    let shown = world.run_json(done.run);
    let strand = &shown["strands"][0];
    assert_eq!(shown["fn"], "Order.run");
    assert_eq!(shown["key"]["id"], "o 1");
    assert_eq!(shown["caller"], "ann");
    assert_eq!(strand["waits_for"], "go#event");
    assert_eq!(strand["frames"][0]["label"], "go#outer");
    assert_eq!(strand["frames"][1]["cells"]["script"], "log x");
    assert_eq!(world.machine.runs_json(None, 10, false).unwrap(), [shown]);
    let later = world.machine.runs_json(Some(done.run), 10, true).unwrap();
    assert!(later.is_empty());
}

#[test]
fn a_sleeping_run_is_small() {
    let mut world = World::new();
    let done = world.go("sleep 1000000");
    let run = world.machine.runs().get(done.run).unwrap();
    assert!(run.byte_len() <= 700, "{}", run.byte_len());
}

#[test]
fn plain_handlers_may_send() {
    let mut world = World::new();
    assert!(is_output(&world.call(NOTE, "x", "hello"), &[0]));
    assert_eq!(world.log_of("x"), "hello");
}

#[test]
fn allow_is_asked_before_an_event_and_a_second_start() {
    let mut json = crate::scripts::json();
    json["entities"][1]["allow"] = serde_json::json!(30);
    json["functions"][2]["access"] = serde_json::json!("allow");
    let event = &mut json["entities"][1]["workflow"]["events"][0];
    event["access"] = serde_json::json!("allow");
    event["guard"] = serde_json::json!(30);
    let manifest = weir_contract::Manifest::from_json(json.to_string().as_bytes()).unwrap();
    let mut world = World::with(manifest);
    world.order("o", "wait 0 1; log end");
    world.caller = "eve".to_owned();
    assert_eq!(world.event("o", 0, "eve"), "denied");
    let again = world.order("o", "");
    assert!(is_output(&again, &[2]));
    world.caller = "ann".to_owned();
    assert_eq!(world.order("o", "").answer, Answer::GoesOn);
    assert_eq!(world.event("o", 0, "ann"), "taken");
    world.settle();
    assert_eq!(world.log(), "approved:ann end");
}
