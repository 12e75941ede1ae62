//! Random lives of a kitchen beside books that know nothing of the box: every answer, every row of
//! the ledger and every report is theirs to the last digit.
//!
//! `HOLDFAST_ORACLE_SEED` and `HOLDFAST_ORACLE_LIVES` choose the run. What fails is made as short
//! as it can be and printed with its seed.

pub(super) mod books;
mod comparing;
pub(super) mod kitchen;
mod orders;
mod steps;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::str::FromStr;

use proptest::test_runner::{Config, RngSeed, TestRunner};

use self::kitchen::Kitchen;
use self::steps::Life;

const SEED: u64 = 20_261_121;
const LIVES: u32 = 24;
const STEPS_MAX: usize = 120;
/// Shorter lives that are tried once one has shown a fault.
const SHRINKS_MAX: u32 = 200;

fn chosen<T: FromStr>(name: &str, otherwise: T) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn whatever_happens_the_box_says_what_the_books_say() {
    let (seed, lives) =
        (chosen("HOLDFAST_ORACLE_SEED", SEED), chosen("HOLDFAST_ORACLE_LIVES", LIVES));
    let config = Config {
        cases: lives,
        rng_seed: RngSeed::Fixed(seed),
        max_shrink_iters: SHRINKS_MAX,
        failure_persistence: None,
        ..Config::default()
    };
    let accepted = RefCell::new(BTreeMap::<&str, usize>::new());

    let outcome = TestRunner::new(config).run(&steps::lives(STEPS_MAX), |life| {
        for (name, times) in live(&life) {
            *accepted.borrow_mut().entry(name).or_default() += times;
        }
        Ok(())
    });

    if let Err(error) = outcome {
        panic!("HOLDFAST_ORACLE_SEED={seed}: {error}");
    }
    // All kinds of steps were really taken, not only refused.
    let accepted = accepted.into_inner();
    assert_eq!(accepted.len(), 17, "{accepted:?}");
}

/// Lives a life on a box of its own and tells how often each kind of step was accepted.
fn live(life: &Life) -> BTreeMap<&'static str, usize> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut kitchen = Kitchen::open().await;
        for step in &life.steps {
            kitchen.play(step).await;
        }
        kitchen.compare(&life.days).await;
        kitchen.server.finish().await;
        kitchen.accepted
    })
}
