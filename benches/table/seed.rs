//! The stock the bench works on: always the same 10,000 items and 100,000 movements, made by the
//! product's own operations, audit log included.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use holdfast::apps::inventory::items;
use holdfast::apps::inventory::items::rules::{BarcodeInput, Given, ItemId, ItemInput};
use holdfast::apps::inventory::locations;
use holdfast::apps::inventory::locations::rules::{LocationId, LocationInput};
use holdfast::apps::inventory::movements;
use holdfast::apps::inventory::movements::rules::{MovementInput, MovementType};
use holdfast::config::{Config, Sources};
use holdfast::platform::access::Role;
use holdfast::platform::clock::Clock;
use holdfast::platform::ctx::{Actor, BoxCtx, Cause, Ctx, Membership};
use holdfast::platform::error::{Error, Result};
use holdfast::platform::id::Id;
use holdfast::platform::identity::sessions::ops::{TokenDraft, make_token_in};
use holdfast::platform::identity::users::ops::insert_in;
use holdfast::platform::identity::users::rules::NewUser;
use holdfast::platform::identity::{Principal, UserId};
use holdfast::platform::workspaces::WorkspaceId;
use holdfast::platform::workspaces::ops::{add_member_in, make_file, record_in};
use holdfast::platform::workspaces::rules::Draft;
use holdfast::platform::{Platform, ctx::Scope};
use holdfast::wiring;

use crate::ledger;

pub(crate) const ITEMS: usize = 10_000;
pub(crate) const MOVEMENTS: usize = 100_000;
/// A tenth of a long ledger is about so many items, the first ones.
pub(crate) const BUSIEST: usize = 10;
const LOCATIONS: usize = 20;
/// In one transaction.
const AT_ONCE: usize = 1_000;
/// The history begins so long ago.
const HISTORY: Duration = Duration::from_hours(365 * 24);
const USER_NAME: &str = "Ana Bench";

const CATEGORIES: [&str; 40] = [
    "Bakery",
    "Beans",
    "Beer",
    "Bread",
    "Butter",
    "Cheese",
    "Chicken",
    "Chocolate",
    "Cleaning",
    "Coffee",
    "Cream",
    "Dough",
    "Dried fruit",
    "Eggs",
    "Fish",
    "Flour",
    "Fruit",
    "Game",
    "Herbs",
    "Ice",
    "Jam",
    "Juice",
    "Lamb",
    "Milk",
    "Mushrooms",
    "Nuts",
    "Oil",
    "Packaging",
    "Pasta",
    "Pork",
    "Poultry",
    "Rice",
    "Salad",
    "Salt",
    "Sauces",
    "Seafood",
    "Spices",
    "Sugar",
    "Tea",
    "Wine",
];
const KINDS: [&str; 25] = [
    "Fresh", "Frozen", "Smoked", "Dried", "Organic", "Sliced", "Whole", "Ground", "Salted",
    "Sweet", "Sour", "Red", "White", "Green", "Black", "Large", "Small", "Extra", "Fine", "Coarse",
    "Young", "Aged", "Mild", "Hot", "Raw",
];

/// What the load needs to know of the seeded box.
pub(crate) struct Seeded {
    pub(crate) workspace: WorkspaceId,
    pub(crate) token: String,
    pub(crate) items: Vec<ItemId>,
    pub(crate) locations: Vec<LocationId>,
    pub(crate) owner: UserId,
}

/// The categories that items are spread over evenly.
pub(crate) fn categories() -> impl Iterator<Item = &'static str> {
    CATEGORIES.into_iter()
}

/// The words that items' names are made of.
pub(crate) fn words() -> impl Iterator<Item = &'static str> {
    KINDS.into_iter().chain(CATEGORIES)
}

/// Makes a box with its stock in an empty folder and closes it.
pub(crate) async fn seed(data: &Path) -> Result<Seeded> {
    let now = Clock::System.now();
    let clock = Clock::fixed(now.minus(HISTORY));
    let platform = open(data, &clock)?;
    let (ctx, token) = people(&platform).await?;
    let locations = make_locations(&ctx).await?;
    let items = make_items(&ctx).await?;
    let steps = u32::try_from(MOVEMENTS / AT_ONCE).unwrap_or(u32::MAX);
    for first in (0..MOVEMENTS).step_by(AT_ONCE) {
        clock.advance(HISTORY / steps);
        post(&ctx, first, &items, &locations).await?;
    }
    let (workspace, owner) = (ctx.workspace(), ctx.principal()?.user);
    platform.close().await;
    Ok(Seeded { workspace, token, items, locations, owner })
}

/// Makes a box with the same items and a ledger of `movements` entries and closes it.
pub(crate) async fn large(data: &Path, movements: usize) -> Result<Seeded> {
    let clock = Clock::fixed(Clock::System.now().minus(HISTORY));
    let platform = open(data, &clock)?;
    let (ctx, token) = people(&platform).await?;
    let locations = make_locations(&ctx).await?;
    let items = make_items(&ctx).await?;
    ledger::fill(&ctx, &clock, HISTORY, movements).await?;
    let (workspace, owner) = (ctx.workspace(), ctx.principal()?.user);
    platform.close().await;
    Ok(Seeded { workspace, token, items, locations, owner })
}

/// Adds many workspaces, each with one item, to a seeded box whose person owns them all.
pub(crate) async fn many(data: &Path, seeded: &Seeded, count: usize) -> Result<Vec<Seeded>> {
    let platform = open(data, &Clock::System)?;
    let on_box = &BoxCtx::new(&platform, Cause::of(Actor::System));
    let owner = seeded.owner;
    let mut many = Vec::with_capacity(count);
    for number in 0..count {
        let draft = Draft { name: format!("Kitchen {number}"), ..Draft::default() };
        let made = make_file(on_box, draft, "name").await?;
        let workspace = made.id;
        let written = on_box.write(move |scope| {
            record_in(scope, &made)?;
            add_member_in(scope, workspace, owner, Role::Owner)
        });
        written.await?;
        let ctx = as_owner(&platform, workspace, owner);
        let item = ctx.write(|scope| make_item(scope, 0)).await?;
        let token = seeded.token.clone();
        many.push(Seeded { workspace, token, items: vec![item], locations: Vec::new(), owner });
    }
    platform.close().await;
    Ok(many)
}

/// Adds people to a seeded box, who may write; gives a token of each.
pub(crate) async fn people_of(data: &Path, seeded: &Seeded, count: usize) -> Result<Vec<String>> {
    let platform = open(data, &Clock::System)?;
    let on_box = &BoxCtx::new(&platform, Cause::of(Actor::System));
    let workspace = seeded.workspace;
    let made = on_box.write(move |scope| {
        let one = |number: usize| {
            let new = NewUser {
                name: format!("Person {number}"),
                email: format!("person-{number}@example.com"),
                password_hash: "!".to_owned(),
                is_operator: false,
            };
            let token = TokenDraft {
                name: "bench".to_owned(),
                life: HISTORY,
                workspace: None,
                permissions: None,
            };
            let user = insert_in(scope, &new)?;
            add_member_in(scope, workspace, user.id, Role::Manager)?;
            Ok(make_token_in(scope, user.id, &token)?.1.reveal().to_owned())
        };
        (0..count).map(one).collect::<Result<Vec<_>>>()
    });
    let tokens = made.await?;
    platform.close().await;
    Ok(tokens)
}

pub(crate) fn open(data: &Path, clock: &Clock) -> Result<Arc<Platform>> {
    let flags = vec![("storage.data", data.to_string_lossy().into_owned())];
    let sources = Sources { file: None, variables: Vec::new(), flags };
    let config = Config::load(&sources).map_err(|errors| Error::internal(format!("{errors:?}")))?;
    wiring::open(config, clock.clone())
}

/// A workspace and its owner, whose token sends the load.
async fn people(platform: &Arc<Platform>) -> Result<(Ctx, String)> {
    let on_box = BoxCtx::new(platform, Cause::of(Actor::System));
    let draft = Draft { name: "Harbour Kitchen".to_owned(), ..Draft::default() };
    let made = make_file(&on_box, draft, "name").await?;
    let workspace = made.id;
    let new = NewUser {
        name: USER_NAME.to_owned(),
        email: "ana@example.com".to_owned(),
        password_hash: "!".to_owned(),
        is_operator: true,
    };
    let token = TokenDraft {
        name: "bench".to_owned(),
        life: HISTORY * 2,
        workspace: None,
        permissions: None,
    };
    let written = on_box.write(move |scope| {
        record_in(scope, &made)?;
        let user = insert_in(scope, &new)?;
        add_member_in(scope, workspace, user.id, Role::Owner)?;
        Ok((user.id, make_token_in(scope, user.id, &token)?.1))
    });
    let (user, token) = written.await?;
    Ok((as_owner(platform, workspace, user), token.reveal().to_owned()))
}

fn as_owner(platform: &Arc<Platform>, workspace: WorkspaceId, user: UserId) -> Ctx {
    let grant = platform.roles.grant(Role::Owner);
    let membership = Membership::new(workspace, Role::Owner, grant);
    let principal = Principal {
        user,
        name: USER_NAME.into(),
        family: Id::from_bytes([0; 16]),
        kind: holdfast::platform::identity::sessions::rules::Kind::Token,
        good_until: None,
        is_narrowed: false,
        is_operator: true,
        box_parts: Vec::new(),
        factors: holdfast::platform::identity::factors::Standing::default(),
        elevated_until: None,
        memberships: vec![membership.clone()],
        deleted: Vec::new(),
    };
    let cause = Cause::of(Actor::Principal(Arc::new(principal)));
    Ctx::new(BoxCtx::new(platform, cause), membership)
}

async fn make_locations(ctx: &Ctx) -> Result<Vec<LocationId>> {
    ctx.write(|scope| (0..LOCATIONS).map(|number| make_location(scope, number)).collect()).await
}

fn make_location(scope: &Scope<'_>, number: usize) -> Result<LocationId> {
    let input = LocationInput {
        code: format!("A-{number:02}"),
        name: format!("Aisle {number}"),
        temp_zone: None,
        parent: None,
        is_active: true,
    };
    let draft = locations::rules::check(&input).map_err(Error::Invalid)?;
    locations::ops::create_in(scope, &draft)
}

async fn make_items(ctx: &Ctx) -> Result<Vec<ItemId>> {
    let mut items = Vec::with_capacity(ITEMS);
    for first in (0..ITEMS).step_by(AT_ONCE) {
        let numbers = first..ITEMS.min(first + AT_ONCE);
        let made = ctx.write(move |scope| {
            numbers.map(|number| make_item(scope, number)).collect::<Result<Vec<_>>>()
        });
        items.extend(made.await?);
    }
    Ok(items)
}

fn make_item(scope: &Scope<'_>, number: usize) -> Result<ItemId> {
    let category = CATEGORIES[number % CATEGORIES.len()];
    let kind = KINDS[number / CATEGORIES.len() % KINDS.len()];
    let barcode = |code: String| BarcodeInput { code, kind: None, pack_qty: None };
    let input = ItemInput {
        item_number: format!("IT-{number:05}"),
        name: format!("{kind} {category} {}", number / (CATEGORIES.len() * KINDS.len())),
        unit: "kg".to_owned(),
        category: Some(category.to_owned()),
        min_qty: Some("5".to_owned()),
        unit_cost: Given::To(Some(format!("{}.{:02}", number % 90 + 1, number % 100))),
        notes: Some("Keep dry, first in first out.".to_owned()),
        barcodes: vec![barcode(format!("HF{number:010}"))],
        ..ItemInput::default()
    };
    let draft = items::rules::check(&input).map_err(Error::Invalid)?;
    items::ops::create_in(scope, &draft, None)
}

/// Posts movements: every item gets goods at two places and gives some of them away again.
async fn post(ctx: &Ctx, first: usize, items: &[ItemId], locations: &[LocationId]) -> Result<()> {
    let now = ctx.now();
    let drafts = (first..MOVEMENTS.min(first + AT_ONCE)).map(|number| {
        let round = number / ITEMS;
        // A step that has no divisor in common with their number visits all items in turn.
        let item = items[number * 7_919 % items.len()];
        let place = (number + round / 4) % locations.len();
        let (kind, qty) = match round % 4 {
            0 | 1 => (MovementType::Receive, "24"),
            2 => (MovementType::Use, "5.5"),
            _ => (MovementType::Adjust, "-0.25"),
        };
        let input = MovementInput {
            kind,
            qty: qty.to_owned(),
            unit_cost: None,
            note: None,
            reference: None,
            effective_at: None,
            override_reason: None,
        };
        Ok((item, locations[place], movements::rules::check(&input, now)?))
    });
    let drafts = drafts.collect::<Result<Vec<_>>>()?;
    ctx.write(move |scope| {
        for (item, place, draft) in &drafts {
            movements::ops::record_in(scope, *item, *place, draft, None)?;
        }
        Ok(())
    })
    .await
}
