//! An audit log of a million entries: what appending, proving, exporting and verifying cost.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::Path;
use std::time::Instant;

use holdfast::config::{Config, Sources};
use holdfast::platform::access::Role;
use holdfast::platform::audit::Entry;
use holdfast::platform::audit::ops::export::{Export, Personal};
use holdfast::platform::audit::ops::{bundle, checkpoints};
use holdfast::platform::audit::rules::checkpoints::Note;
use holdfast::platform::clock::Clock;
use holdfast::platform::ctx::{Actor, BoxCtx, Cause, Ctx, Membership};
use holdfast::platform::id::Id;
use holdfast::platform::offline::{Offline, Said};
use holdfast::platform::workspaces::{self, rules::Draft};
use holdfast::wiring;

use crate::Problem;
use crate::report::{self, Figure, Unit};

const ENTRIES: u64 = 1_000_000;
/// Written in one transaction, so that the disk's sync does not count; few enough that the pages
/// stay in memory until then, as those of a write do.
const AT_ONCE: u64 = 1_000;
const PROOFS: u64 = 1_000;
const PROOF_SIZE_BYTES_MAX: u64 = 2_000;

/// Measures and prints; false when something was missed.
pub(crate) fn measure(folder: &Path) -> Result<bool, Problem> {
    let data = folder.join("audit");
    let runtime = tokio::runtime::Runtime::new()?;
    let bundle_path = folder.join("audit.jsonl");
    let mut figures = Vec::new();
    let mut figure = |name, value, unit, most| figures.push(Figure { name, value, unit, most });
    let (workspace, note) = runtime.block_on(async {
        let ctx = workspace_of(&data).await?;
        let append = append(&ctx).await?;
        figure("append an entry, all of it, CPU", append, Unit::Nanos, 15_000);
        let note = checkpoints::sign_now(&ctx).await?.note();
        let (middle, largest) = prove(&ctx).await?;
        figure("prove one entry (middle of 1,000)", middle, Unit::Micros, 1_000);
        figure("size of a proof", largest, Unit::Bytes, PROOF_SIZE_BYTES_MAX);
        export(&ctx, &bundle_path).await?;
        ctx.platform.close().await;
        Ok::<_, Problem>((ctx.workspace(), note))
    })?;
    let trusted = Note::read(&note).ok_or("no checkpoint")?;
    let started = Instant::now();
    let file = BufReader::with_capacity(1 << 20, File::open(&bundle_path)?);
    let verdict = bundle::verify(file, &trusted)?;
    let took = micros(started)?;
    if verdict.bad.is_some() || verdict.checked < ENTRIES {
        return Err(format!("the bundle is bad: {verdict:?}").into());
    }
    figure("verify a bundle of 1,000,000 entries", took, Unit::Micros, 3_000_000);
    let started = Instant::now();
    let offline = Offline::open(&data, Clock::System)?;
    let verdict = offline.verify_workspace(workspace, &Said::default())?;
    if verdict.bad.is_some() {
        return Err(format!("the log is bad: {verdict:?}").into());
    }
    figure("verify a file of 1,000,000 entries", micros(started)?, Unit::Micros, 6_000_000);
    Ok(report::print(&[], &figures))
}

fn micros(since: Instant) -> Result<u64, Problem> {
    Ok(u64::try_from(since.elapsed().as_micros())?)
}

async fn workspace_of(data: &Path) -> Result<Ctx, Problem> {
    let flags = vec![("storage.data", data.display().to_string())];
    let config = Config::load(&Sources { flags, ..Sources::default() });
    let config = config.map_err(|errors| format!("{errors:?}"))?;
    let platform = wiring::open(config, Clock::System)?;
    let on_box = BoxCtx::new(&platform, Cause::of(Actor::System));
    let draft = Draft { name: "Long Log".to_owned(), ..Draft::default() };
    let made = workspaces::ops::make_file(&on_box, draft, "").await?;
    let id = made.id;
    on_box.write(move |scope| workspaces::ops::record_in(scope, &made)).await?;
    let membership = Membership::new(id, Role::Owner, platform.roles.grant(Role::Owner));
    let cause = Cause {
        address: Some([192, 0, 2, 7].into()),
        user_agent: Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko Firefox/140.0".into()),
        request_id: Some("0193a5c0-0000-7000-8000-000000000001".into()),
        ..Cause::of(Actor::System)
    };
    Ok(Ctx::new(BoxCtx::new(&platform, cause), membership))
}

/// Nanoseconds of processor time for each entry.
async fn append(ctx: &Ctx) -> Result<u64, Problem> {
    let mut inside = 0;
    for step in 0..ENTRIES / AT_ONCE {
        let work = ctx.write(move |scope| {
            let before = thread_cpu_ns();
            for number in 0..AT_ONCE {
                let seq = step * AT_ONCE + number;
                let item = Id::<()>::from_bytes(u128::from(seq % 5_000).to_be_bytes());
                let entry = Entry::new("inventory.movement.recorded", "inventory.movement", item)
                    .version(1)
                    .set("qty", format!("{number}.000"))
                    .set("type", "receive");
                scope.audit(entry)?;
            }
            Ok(thread_cpu_ns() - before)
        });
        inside += work.await?;
    }
    Ok(inside / ENTRIES)
}

/// Processor time of this thread: the machine may do other things meanwhile.
fn thread_cpu_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let (seconds, nanos) = (u64::try_from(time.tv_sec), u64::try_from(time.tv_nsec));
    seconds.unwrap_or(0) * 1_000_000_000 + nanos.unwrap_or(0)
}

/// Microseconds of the middle one, and bytes of the largest.
async fn prove(ctx: &Ctx) -> Result<(u64, u64), Problem> {
    let (mut times, mut largest) = (Vec::new(), 0);
    for number in 0..PROOFS {
        let seq = number * 7_919 % ENTRIES + 1;
        let started = Instant::now();
        let proof = checkpoints::prove(ctx, seq, None).await?;
        times.push(micros(started)?);
        largest = largest.max(proof.len() as u64);
    }
    times.sort_unstable();
    Ok((times[times.len() / 2], largest))
}

async fn export(ctx: &Ctx, path: &Path) -> Result<(), Problem> {
    let mut file = File::create(path)?;
    let mut next = Export::begin(ctx.clone(), Personal::LeftOut).await?.next().await?;
    while let Some((piece, rest)) = next {
        file.write_all(piece.as_bytes())?;
        next = rest.next().await?;
    }
    Ok(())
}
