use super::*;

fn at(text: &str) -> Moment {
    text.parse().unwrap()
}

fn nightly() -> Cron {
    "15 2 * * *".parse().unwrap()
}

fn job(attempts: u32) -> Job {
    Job {
        id: Id::from_bytes([1; 16]),
        kind: "test.any".to_owned(),
        workspace: None,
        state: State::Running,
        is_heavy: false,
        attempts,
        attempts_max: 3,
        input: "{}".to_owned(),
        result: None,
        fault: None,
        progress: None,
        requester: None,
        created_at: Moment(0),
        run_at: Moment(0),
        started_at: None,
        finished_at: None,
        cancel_asked_at: None,
        version: 1,
    }
}

#[test]
fn a_schedule_names_the_time_before_and_the_time_after() {
    let cron = nightly();

    assert_eq!(cron.latest(at("2026-11-21T02:15:00Z")), Some(at("2026-11-21T02:15:00Z")));
    assert_eq!(cron.latest(at("2026-11-21T02:14:59.999Z")), Some(at("2026-11-20T02:15:00Z")));
    assert_eq!(cron.next(at("2026-11-21T02:15:00Z")), Some(at("2026-11-22T02:15:00Z")));
    assert_eq!(cron.next(at("2026-11-21T02:14:59.999Z")), Some(at("2026-11-21T02:15:00Z")));
    assert_eq!(cron.next(at("2026-12-31T02:15:00.001Z")), Some(at("2027-01-01T02:15:00Z")));
}

#[test]
fn many_missed_nights_are_one_run() {
    let done_until = at("2026-11-01T02:15:00Z");

    let run = due(&nightly(), done_until, at("2026-11-21T06:00:00Z"));

    assert_eq!(run, Due::Run(at("2026-11-21T02:15:00Z")));
    let again = due(&nightly(), at("2026-11-21T02:15:00Z"), at("2026-11-21T06:00:01Z"));
    assert_eq!(again, Due::Nothing);
}

#[test]
fn a_clock_that_goes_back_runs_nothing_twice_and_misses_no_further_night() {
    let done_until = at("2027-11-21T02:15:00Z");

    let back = due(&nightly(), done_until, at("2026-11-21T06:00:00Z"));

    let Due::GoOnFrom(here) = back else { panic!("{back:?}") };
    assert_eq!(here, at("2026-11-21T02:15:00Z"));
    let tomorrow = due(&nightly(), here, at("2026-11-22T02:15:00Z"));
    assert_eq!(tomorrow, Due::Run(at("2026-11-22T02:15:00Z")));
}

#[test]
fn what_was_put_off_by_a_clock_that_went_back_is_due() {
    let now = at("2026-11-21T06:00:00Z");

    assert!(is_due(now, now));
    assert!(!is_due(now.plus(Duration::from_mins(2)), now));
    assert!(is_due(now.plus(Duration::from_hours(24)), now));
}

#[test]
fn what_broke_is_tried_again_later_and_later_and_not_for_ever() {
    let broken = || Ending::Broken(Fault::new("busy", "Later."));

    let pauses: Vec<_> =
        [1, 2].into_iter().map(|attempts| next(&job(attempts), broken())).collect();

    let seconds = |after| Next::Again {
        fault: Some(Fault::new("busy", "Later.")),
        after: Duration::from_secs(after),
    };
    assert_eq!(pauses, [seconds(30), seconds(120)]);
    assert_eq!(next(&job(3), broken()), Next::Failed(Fault::new("busy", "Later.")));
    assert_eq!(back_off(40), BACK_OFF_MAX);
}

#[test]
fn what_was_refused_is_not_tried_again() {
    let refused = ending_of(&Error::conflict("import-stale", "Read it again."));

    let failed = Next::Failed(Fault::new("import-stale", "Read it again."));
    assert_eq!(next(&job(1), refused), failed);
}

#[test]
fn what_was_interrupted_runs_again_unless_somebody_cancelled_it() {
    let again = Next::Again { fault: None, after: Duration::ZERO };
    assert_eq!(next(&job(1), Ending::Interrupted), again);

    let cancelled = Job { cancel_asked_at: Some(Moment(1)), ..job(1) };
    assert_eq!(next(&cancelled, Ending::Interrupted), Next::Cancelled);
    let Next::Failed(fault) = next(&job(3), Ending::Interrupted) else { panic!("it runs on") };
    assert_eq!(fault.code, "job-interrupted");
}

#[test]
fn an_effect_counts_even_when_somebody_cancelled_meanwhile() {
    let cancelled = Job { cancel_asked_at: Some(Moment(1)), ..job(1) };
    let done = Ending::Done { result: "{}".to_owned() };
    assert_eq!(next(&cancelled, done), Next::Done { result: "{}".to_owned() });
}

#[test]
fn the_cause_of_a_fault_of_ours_is_not_told() {
    let Ending::Broken(fault) = ending_of(&Error::internal("secret cause")) else {
        panic!("not broken")
    };
    assert!(!fault.detail.contains("secret"));
}
