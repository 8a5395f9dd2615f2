//! Cancelling runs that may have changed the world outside: what nobody knows yet is waited for, so that it can be undone.

use weir_machine::Ended;

use crate::scripts::World;

fn ended(world: &World, run: u64) -> &'static str {
    match world.ended.iter().find(|(ended, _)| *ended == run) {
        Some((_, Ended::Cancelled)) => "cancelled",
        Some(_) => "by itself",
        None => "goes on",
    }
}

#[test]
fn what_only_waits_is_dropped_and_undone_at_once() {
    let mut world = World::new();
    let done = world.order("o", "undo a; par (sleep 100) (look 1) (wait 0)");
    world.settle();
    assert!(world.cancel(done.run));
    assert!(!world.cancel(done.run), "it is ending already");
    assert_eq!(world.run_json(done.run)["state"], "undoing");
    assert_eq!(world.event("o", 0, "x"), "ended");
    world.settle();
    assert_eq!(world.log(), "undo:a");
    assert_eq!(ended(&world, done.run), "cancelled");
    assert_eq!(world.machine.outstanding().len(), 0);
    assert_eq!(world.machine.next_due(), None);
    assert!(!world.cancel(done.run));
    assert_eq!(world.run_json(done.run)["state"], "cancelled");
}

#[test]
fn the_answer_of_a_call_that_may_be_done_is_waited_for() {
    let mut world = World::new();
    let done = world.order(
        "o",
        "undo a; par (sleep 5; undo never) (charge 1; undo b; sleep 100) (wait 0); log never",
    );
    world.settle();
    assert!(world.cancel(done.run));
    assert!(!world.cancel(done.run), "it is ending already");
    assert_eq!(world.run_json(done.run)["state"], "cancelling");
    assert_eq!(world.event("o", 0, "x"), "ended");
    world.pass(10);
    world.restart(3);
    assert_eq!(
        world.log(),
        "",
        "nothing is undone yet, and nothing else goes on"
    );
    world.answer(None);
    world.settle();
    assert_eq!(world.log(), "answer:2 undo:b undo:a");
    assert_eq!(ended(&world, done.run), "cancelled");
}

#[test]
fn an_answer_that_has_come_is_taken_first() {
    let mut world = World::new();
    let done = world.order("o", "charge 1; undo b; yield; charge 2; log never");
    world.answer(None);
    assert_eq!(world.run_json(done.run)["state"], "ready");
    assert!(world.cancel(done.run));
    world.settle();
    assert_eq!(world.log(), "answer:2 undo:b");
    assert_eq!(ended(&world, done.run), "cancelled");
    assert!(world.outside.is_empty(), "no other call is made");
}

#[test]
fn a_run_with_nothing_more_to_wait_for_ends_as_it_would_have() {
    let mut world = World::new();
    let done = world.order("o", "undo a; charge 1; log end");
    world.cancel(done.run);
    world.answer(None);
    world.settle();
    assert_eq!(world.log(), "answer:2 end");
    assert_eq!(ended(&world, done.run), "by itself");
}

#[test]
fn a_bug_behind_the_answer_waits_for_somebody() {
    let mut world = World::new();
    let done = world.order("o", "undo a; charge 1; bug; undo b; wait 0");
    world.cancel(done.run);
    world.answer(None);
    world.settle();
    assert_eq!(world.run_json(done.run)["state"], "parked");
    world.steps.mended = true;
    assert!(world.resume(done.run));
    world.settle();
    assert_eq!(world.log(), "answer:2 undo:b undo:a");

    world.steps.mended = false;
    let done = world.order("p", "undo c; charge 1; bug");
    world.cancel(done.run);
    world.answer(None);
    world.settle();
    assert!(world.cancel(done.run), "nobody can mend it");
    world.settle();
    assert!(world.log().ends_with(" undo:c"));
    assert_eq!(ended(&world, done.run), "cancelled");
}

#[test]
fn ending_now_waits_for_nothing() {
    let mut world = World::new();
    let done = world.order("o", "undo a; par (charge 1; undo b) (wait 0)");
    world.settle();
    world.cancel(done.run);
    assert!(world.end_now(done.run));
    assert!(!world.end_now(done.run), "it is undoing already");
    assert!(world.machine.outstanding().is_empty());
    world.settle();
    assert_eq!(world.log(), "undo:a");
    assert_eq!(ended(&world, done.run), "cancelled");
}

#[test]
fn a_run_that_is_parked_behind_an_answer_is_not_given_up_at_once() {
    let mut world = World::new();
    let done = world.order("o", "undo a; charge 1; bug; undo b; wait 0");
    world.answer(None);
    world.settle();
    assert_eq!(world.run_json(done.run)["state"], "parked");
    assert!(world.cancel(done.run));
    world.restart(2);
    assert_eq!(world.run_json(done.run)["state"], "parked");
    world.steps.mended = true;
    assert!(world.resume(done.run));
    world.settle();
    assert_eq!(world.log(), "answer:2 undo:b undo:a");
    assert_eq!(ended(&world, done.run), "cancelled");
}

#[test]
fn a_run_that_is_parked_elsewhere_is_cancelled_at_once() {
    let mut world = World::new();
    for script in ["undo a; sleep 1; bug", "undo a; look 1; bug"] {
        let done = world.order(script, script);
        if let Some(call) = world.outside.front().cloned() {
            assert_eq!(call.run, done.run);
            world.answer(None);
        }
        world.pass(5);
        assert_eq!(world.run_json(done.run)["state"], "parked", "{script}");
        assert!(world.cancel(done.run));
        world.settle();
        assert_eq!(ended(&world, done.run), "cancelled", "{script}");
    }
    assert_eq!(world.log(), "undo:a undo:a");
}

#[test]
fn branches_that_wait_for_others_never_begin_in_a_cancelled_run() {
    let mut world = World::new();
    let done = world.order(
        "o",
        "few 2 (charge 1; undo b; log on) (sleep 5) (log never) (log never)",
    );
    world.settle();
    assert_eq!(world.machine.outstanding().len(), 1);
    world.restart(3);
    assert!(world.cancel(done.run));
    world.pass(10);
    world.answer(None);
    world.settle();
    assert_eq!(world.log(), "answer:2 on undo:b");
    assert_eq!(ended(&world, done.run), "cancelled");
}

#[test]
fn branches_begin_when_others_have_ended() {
    let mut world = World::new();
    let done = world.order(
        "o",
        "few 2 (sleep 9; log a) (sleep 5; log b) (log c) (sleep 1; log d); log end",
    );
    world.settle();
    assert_eq!(world.log(), "");
    world.pass(5);
    world.restart(3);
    assert_eq!(world.log(), "b c");
    world.pass(4);
    assert_eq!(world.log(), "b c d a joined:[0,0,0,0] end");
    assert_eq!(ended(&world, done.run), "by itself");
}

#[test]
fn behind_a_failure_no_branch_begins() {
    let mut world = World::new();
    let done = world.order("o", "few 1 (sleep 1; fail) (log never) (log never)");
    world.pass(5);
    assert_eq!(world.log(), "error:4");
    assert_eq!(ended(&world, done.run), "by itself");
}
