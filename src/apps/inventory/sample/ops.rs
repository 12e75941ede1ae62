//! Takes the story's steps into a workspace, by the same operations that people use.

use std::collections::HashMap;

use super::rules::{self, Move, Place, Step, Story, What};
use super::store;
use crate::apps::inventory::items::rules::ItemId;
use crate::apps::inventory::locations::rules::{LocationDraft, LocationId, LocationInput};
use crate::apps::inventory::movements::rules::{MovementId, MovementInput, MovementType, Remarks};
use crate::apps::inventory::texts::rules::identity_key;
use crate::apps::inventory::{items, locations, movements};
use crate::platform::app::{SampleProgress, SampleSpec};
use crate::platform::clock::Moment;
use crate::platform::ctx::Scope;
use crate::platform::error::{Error, Result};

/// Marks what was there before the first entry.
const OPENING: &str = "opening";

pub const SPEC: SampleSpec = SampleSpec { load: load_in };

/// Does the next steps inside the caller's transaction.
fn load_in(scope: &Scope<'_>, done: usize, told_at: Moment) -> Result<SampleProgress> {
    if done == 0 {
        rules::check_alone(store::is_empty(scope)?)?;
    }
    let story = Story::tell();
    let mut loading = Loading::new(scope, &story, told_at);
    let mut progress = SampleProgress { done, total: story.steps() };
    for step in story.steps_from(done) {
        match step {
            Step::Place(place) => loading.place(place)?,
            Step::Item(goods) => {
                let (input, supplier) = goods.written();
                let draft = items::rules::check(&input).map_err(Error::Invalid)?;
                items::ops::create_in(scope, &draft, Some(&supplier))?;
            }
            Step::Move(one) => loading.post(one)?,
        }
        progress.done += 1;
    }
    Ok(progress)
}

/// A transaction that loads, and what it has looked up.
struct Loading<'a> {
    scope: &'a Scope<'a>,
    story: &'a Story,
    told_at: Moment,
    items: HashMap<usize, ItemId>,
    places: HashMap<&'static str, LocationId>,
    /// The last entry, in case the next takes it back.
    last: Option<MovementId>,
}

impl<'a> Loading<'a> {
    fn new(scope: &'a Scope<'a>, story: &'a Story, told_at: Moment) -> Self {
        let (items, places) = (HashMap::new(), HashMap::new());
        Self { scope, story, told_at, items, places, last: None }
    }

    fn item_id(&mut self, goods: usize) -> Result<ItemId> {
        if let Some(id) = self.items.get(&goods) {
            return Ok(*id);
        }
        let key = identity_key(&self.story.item_number(goods));
        let item = items::ops::by_number_in(self.scope, &key)?.ok_or_else(rules::changed)?;
        self.items.insert(goods, item.id);
        Ok(item.id)
    }

    fn place_id(&mut self, code: &'static str) -> Result<LocationId> {
        if let Some(id) = self.places.get(code) {
            return Ok(*id);
        }
        let place = locations::ops::by_code_in(self.scope, &identity_key(code))?;
        let id = place.ok_or_else(rules::changed)?.id;
        self.places.insert(code, id);
        Ok(id)
    }

    fn place(&mut self, place: &'static Place) -> Result<()> {
        let input = LocationInput {
            code: place.code.to_owned(),
            name: place.name.to_owned(),
            temp_zone: place.zone.map(str::to_owned),
            parent: None,
            is_active: true,
        };
        let parent = place.parent.map(|code| self.place_id(code)).transpose()?;
        let checked = locations::rules::check(&input).map_err(Error::Invalid)?;
        let draft = LocationDraft { parent, ..checked };
        let id = locations::ops::create_in(self.scope, &draft)?;
        self.places.insert(place.code, id);
        Ok(())
    }

    fn post(&mut self, one: &Move) -> Result<()> {
        let at = one.at(self.told_at);
        if let What::Reversed { note } = one.what {
            let original = self.last.take().ok_or_else(rules::changed)?;
            let remarks = Remarks::check(Some(note), None)?;
            movements::ops::reverse_in(self.scope, original, &remarks, at)?;
            return Ok(());
        }
        let (item, place) = (self.item_id(one.goods)?, self.place_id(one.place)?);
        let draft = movements::rules::check(&input(one, at), self.scope.now())?;
        if let What::Transferred { to } = one.what {
            let to = self.place_id(to)?;
            movements::ops::transfer_in(self.scope, item, place, to, &draft)?;
            return Ok(());
        }
        let reason = matches!(one.what, What::Opening).then_some(OPENING);
        let posted = movements::ops::record_in(self.scope, item, place, &draft, reason)?;
        self.last = Some(posted.movement.id);
        Ok(())
    }
}

/// The entry as somebody would have written it.
fn input(one: &Move, at: Moment) -> MovementInput {
    let written = MovementInput {
        kind: MovementType::Adjust,
        qty: one.amount(),
        unit_cost: None,
        note: None,
        reference: None,
        effective_at: Some(at),
        override_reason: None,
    };
    let note = |note: &str| Some(note.to_owned());
    match &one.what {
        What::Received { unit_cost, delivery } => MovementInput {
            kind: MovementType::Receive,
            unit_cost: Some(format!("{}.{:02}", unit_cost / 100, unit_cost % 100)),
            reference: Some(delivery.clone()),
            ..written
        },
        What::Used { note: said } => {
            MovementInput { kind: MovementType::Use, note: note(said), ..written }
        }
        What::Transferred { .. } => MovementInput { kind: MovementType::Transfer, ..written },
        What::Adjusted { note: said } => MovementInput { note: note(said), ..written },
        What::Opening | What::Reversed { .. } => written,
    }
}
