//! Taking in what people counted: each entry has its own answer, and none counts twice.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::{KIND, Within, reading};
use crate::apps::inventory::amounts::Qty;
use crate::apps::inventory::counts::rules::evaluation::{
    self, EntryFact, KeyLedger, LedgerNow, Timing,
};
use crate::apps::inventory::counts::rules::showing::Sight;
use crate::apps::inventory::counts::rules::{
    self, BATCH_MAX, ClientOpId, CountId, ENTRIES_MAX, KeptCount, LineId, Mode, Settings,
};
use crate::apps::inventory::counts::store::{
    self, EntryRow, ItemFacts, LineKey, NewEntry, NewLine,
};
use crate::apps::inventory::items::rules::ItemId;
use crate::apps::inventory::locations;
use crate::apps::inventory::locations::rules::{KeptLocation, LocationId};
use crate::apps::inventory::movements::rules as movements;
use crate::platform::audit::Entry;
use crate::platform::clock::Moment;
use crate::platform::ctx::{Ctx, Scope};
use crate::platform::error::{Error, Refusal, Result};

/// What a device sent, unchecked.
#[derive(Debug, Clone)]
pub struct EntryInput {
    pub client_op: String,
    pub item: String,
    pub place: String,
    pub qty: String,
    pub mode: Mode,
    pub seen_seq: Option<i64>,
    pub counted_at: Option<String>,
    /// The operation of the same person that this one takes back; the rest says the same as it.
    pub undoes: Option<String>,
}

impl EntryInput {
    /// A hash over everything that was sent.
    fn hash(&self, count: CountId, scope: &Scope<'_>) -> [u8; 32] {
        let parts = [
            count.to_string(),
            scope.user().map(|user| user.to_string()).unwrap_or_default(),
            self.item.clone(),
            self.place.clone(),
            self.qty.clone(),
            self.mode.name().to_owned(),
            self.seen_seq.map(|seq| seq.to_string()).unwrap_or_default(),
            self.counted_at.clone().unwrap_or_default(),
            self.undoes.clone().unwrap_or_default(),
        ];
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }
}

/// What became of an entry.
#[derive(Debug, Clone)]
pub enum Outcome {
    Accepted,
    /// It was taken in before.
    Replayed,
    Refused(Refusal),
}

/// The answers to a batch, in its order.
pub struct Taken {
    pub outcomes: Vec<Outcome>,
    pub ledger_seq: i64,
}

/// Takes in a batch of entries.
pub async fn enter(ctx: &Ctx, id: CountId, entries: Vec<EntryInput>) -> Result<Taken> {
    if entries.is_empty() || entries.len() > BATCH_MAX {
        let detail = format!("Send 1 to {BATCH_MAX} entries at a time.");
        return Err(Error::invalid("entries", "count-batch", detail));
    }
    ctx.write(move |scope| {
        let count = store::get(scope, id)?;
        let mut batch = Batch::begin(scope, count)?;
        let outcomes = entries.iter().map(|entry| batch.take(entry)).collect::<Result<Vec<_>>>()?;
        batch.finish()?;
        Ok(Taken { outcomes, ledger_seq: batch.ledger.last_seq })
    })
    .await
}

/// A line as far as this batch knows it.
struct Known {
    /// None when nobody counted it and it was not expected.
    line: Option<LineId>,
    is_settled: bool,
    entries_after: i64,
    entries: Vec<EntryFact>,
    ledger: KeyLedger,
    facts: ItemFacts,
    is_changed: bool,
}

struct Batch<'a> {
    scope: &'a Scope<'a>,
    count: KeptCount,
    sight: Sight,
    within: Within,
    places: HashMap<LocationId, KeptLocation>,
    settings: Settings,
    ledger: LedgerNow,
    lines: HashMap<LineKey, Known>,
    new_lines: i64,
    added: i64,
}

/// An entry whose fields are fine.
struct Checked {
    op: ClientOpId,
    key: LineKey,
    qty: Qty,
    timing: Timing,
    undoes: Option<i64>,
    sent_hash: [u8; 32],
}

impl<'a> Batch<'a> {
    fn begin(scope: &'a Scope<'a>, count: KeptCount) -> Result<Self> {
        let last_seq = store::ledger_seq(scope)?;
        let ledger = LedgerNow { start_seq: count.start_seq, last_seq, now: scope.now() };
        let places = locations::ops::all_in(scope)?;
        let within = Within::read(scope, &count.extent)?;
        Ok(Self {
            scope,
            sight: reading::sight_in(scope, &count)?,
            within,
            places: places.into_iter().map(|place| (place.id, place)).collect(),
            settings: store::settings(scope)?,
            ledger,
            lines: HashMap::new(),
            new_lines: 0,
            added: 0,
            count,
        })
    }

    /// Takes one entry in, or says why not. Only faults of ours end the batch.
    fn take(&mut self, entry: &EntryInput) -> Result<Outcome> {
        match self.try_take(entry) {
            Ok(outcome) => Ok(outcome),
            Err(Error::Rule(refusal) | Error::Conflict(refusal)) => Ok(Outcome::Refused(refusal)),
            Err(Error::Invalid(mut fields)) if !fields.is_empty() => {
                let field = fields.remove(0);
                let refusal = Refusal::new(field.code, field.detail.clone());
                Ok(Outcome::Refused(refusal.field(&field.field, field.code, field.detail)))
            }
            Err(other) => Err(other),
        }
    }

    fn try_take(&mut self, entry: &EntryInput) -> Result<Outcome> {
        let op: ClientOpId = entry.client_op.parse().map_err(|_| op_bad())?;
        let sent_hash = entry.hash(self.count.id, self.scope);
        if let Some(known) = store::known_op(self.scope, op)? {
            let is_same = known.sent_hash == sent_hash;
            return if is_same { Ok(Outcome::Replayed) } else { Err(op_reused()) };
        }
        rules::check_open(self.count.state)?;
        if self.count.entries + self.added >= ENTRIES_MAX {
            let detail = format!("A count has at most {ENTRIES_MAX} entries. Submit it.");
            return Err(Refusal::new("count-full", detail).into());
        }
        let key = self.key(entry)?;
        let checked = self.check(entry, op, key, sent_hash)?;
        self.add(entry.mode, &checked)?;
        Ok(Outcome::Accepted)
    }

    /// The rows of the item and the place, if they belong to this count.
    fn key(&mut self, entry: &EntryInput) -> Result<LineKey> {
        let item: ItemId = entry.item.parse().map_err(|_| movements::item_unknown())?;
        let unknown_place = || movements::place_unknown("location_id");
        let place: LocationId = entry.place.parse().map_err(|_| unknown_place())?;
        let place = self.places.get(&place).ok_or_else(unknown_place)?;
        movements::check_place_active("location_id", place.is_active)?;
        let facts = store::item_facts(self.scope, item)?.ok_or_else(movements::item_unknown)?;
        self.within.check(item, facts.category.as_deref(), place.rid)?;
        let key = (facts.rid, place.rid);
        if !self.lines.contains_key(&key) {
            let known = self.load(key, facts)?;
            self.lines.insert(key, known);
        }
        Ok(key)
    }

    fn load(&self, key: LineKey, facts: ItemFacts) -> Result<Known> {
        let mark = store::mark(self.scope, self.count.rid, key)?;
        let entries_after = mark.as_ref().map_or(0, |mark| mark.entries_after);
        Ok(Known {
            line: mark.as_ref().map(|mark| mark.id),
            is_settled: mark.is_some_and(|mark| mark.state.is_settled()),
            entries_after,
            entries: store::entries_of(self.scope, self.count.rid, key, entries_after)?,
            ledger: store::moved_since(self.scope, key, self.count.start_seq)?,
            facts,
            is_changed: false,
        })
    }

    fn check(
        &self,
        entry: &EntryInput,
        op: ClientOpId,
        key: LineKey,
        sent_hash: [u8; 32],
    ) -> Result<Checked> {
        let known = self.lines.get(&key).ok_or_else(lost)?;
        if known.is_settled {
            let detail = "A manager has decided this already. Open another count for it.";
            return Err(Error::conflict("count-line-settled", detail));
        }
        let seen_seq = evaluation::check_seen(entry.seen_seq, self.ledger)?;
        let qty = Qty::parse(&entry.qty)
            .map_err(|fault| Error::invalid("qty", fault.code(), fault.to_string()))?;
        let undoes = self.undone(entry, key, qty, known)?;
        if undoes.is_none() {
            let balance = known.ledger.balance_at(seen_seq);
            let balance = (self.sight == Sight::Full).then_some(balance);
            evaluation::check_qty(entry.mode, qty, known.facts.qty_step, balance)?;
        }
        let counted_at = entry.counted_at.as_deref().filter(|text| !text.is_empty());
        let counted_at = counted_at.map(|text| text.parse::<Moment>().map_err(|_| moment_bad()));
        let known_at = store::posted_at(self.scope, seen_seq)?.unwrap_or(self.count.created_at);
        let known_at = known_at.max(self.count.created_at);
        let counted_at = evaluation::believed(counted_at.transpose()?, known_at, self.ledger.now);
        let timing = Timing { seen_seq, received_seq: self.ledger.last_seq, counted_at };
        Ok(Checked { op, key, qty, timing, undoes, sent_hash })
    }

    /// The row of the entry that this one takes back, if it takes one back.
    fn undone(
        &self,
        entry: &EntryInput,
        key: LineKey,
        qty: Qty,
        known: &Known,
    ) -> Result<Option<i64>> {
        let Some(undoes) = &entry.undoes else { return Ok(None) };
        let op = undoes.parse().map_err(|_| undo_bad())?;
        let original = store::known_op(self.scope, op)?.ok_or_else(undo_bad)?;
        let same = EntryRow {
            count: Some(self.count.rid),
            key: (Some(key.0), key.1),
            by: self.scope.user(),
            mode: entry.mode,
            qty,
            is_undo: false,
        };
        let is_counting = original.rid > known.entries_after;
        if original.entry != same || !is_counting || store::is_undone(self.scope, original.rid)? {
            return Err(undo_bad());
        }
        Ok(Some(original.rid))
    }

    /// Inserts an entry once what it leads to is known to be possible.
    fn add(&mut self, mode: Mode, new: &Checked) -> Result<()> {
        let (scope, start_seq) = (self.scope, self.count.start_seq);
        let known = self.lines.get_mut(&new.key).ok_or_else(lost)?;
        let mut entries = known.entries.clone();
        match new.undoes {
            Some(undone) => entries.retain(|one| one.rid != undone),
            None => entries.push(EntryFact {
                rid: 0,
                by: scope.user(),
                mode,
                qty: new.qty,
                seen_seq: new.timing.seen_seq,
                received_seq: new.timing.received_seq,
                counted_at: new.timing.counted_at,
            }),
        }
        evaluation::evaluate(&entries, &known.ledger, start_seq)?;
        if known.line.is_none() {
            let lines = self.count.lines + self.new_lines + 1;
            rules::check_size(usize::try_from(lines).unwrap_or(usize::MAX))?;
            let id = scope.new_id();
            let expected = known.ledger.balance_at(start_seq);
            let line = NewLine { id, key: new.key, expected, expected_seq: start_seq };
            store::insert_line(scope, self.count.rid, &line)?;
            known.line = Some(id);
            self.new_lines += 1;
        }
        let rid = store::insert_entry(
            scope,
            &NewEntry {
                op: new.op,
                count: self.count.rid,
                key: new.key,
                mode,
                qty: new.qty,
                timing: new.timing,
                undoes: new.undoes,
                sent_hash: &new.sent_hash,
            },
        )?;
        if let Some(last) = entries.last_mut().filter(|one| one.rid == 0) {
            last.rid = rid;
        }
        known.entries = entries;
        known.is_changed = true;
        self.added += 1;
        Ok(())
    }

    /// Writes what the lines come to, and that the count changed.
    fn finish(&mut self) -> Result<()> {
        if self.added == 0 {
            return Ok(());
        }
        for known in self.lines.values().filter(|known| known.is_changed) {
            let line = known.line.ok_or_else(lost)?;
            let found = evaluation::evaluate(&known.entries, &known.ledger, self.count.start_seq)?;
            let worth = found.variance().and_then(|variance| {
                movements::adjustment_value(known.facts.totals, known.facts.cost, variance)
            });
            let state = found.state(self.settings.threshold, worth);
            store::save(self.scope, line, &found, state)?;
        }
        store::touch(self.scope, self.count.rid, self.added)?;
        let entry = Entry::new("inventory.count.entered", KIND, self.count.id)
            .version(self.count.version + 1)
            .set("entries", self.added.to_string());
        self.scope.audit(entry)?;
        Ok(())
    }
}

fn op_bad() -> Error {
    Error::invalid("client_op", "client-op-bad", "Send a fresh UUID with each entry.")
}

fn op_reused() -> Error {
    Error::conflict("client-op-reused", "This id was used for another entry. Send a fresh one.")
}

fn undo_bad() -> Error {
    let detail = "There is no such entry of yours to take back.";
    Error::invalid("undoes", "count-undo", detail)
}

fn moment_bad() -> Error {
    let detail = "Use a time with its offset, like 2026-11-21T14:00:00Z.";
    Error::invalid("counted_at", "moment-bad", detail)
}

fn lost() -> Error {
    Error::internal("a line of the batch was not loaded")
}
