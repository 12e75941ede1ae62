//! A workspace and somebody who works in it, made in a box that does not run.

use std::sync::Arc;
use std::time::Duration;

use holdfast::platform::Platform;
use holdfast::platform::access::Role;
use holdfast::platform::ctx::{Actor, BoxCtx, Cause};
use holdfast::platform::identity::sessions::ops::{TokenDraft, make_token_in};
use holdfast::platform::identity::users::ops::insert_in;
use holdfast::platform::identity::users::rules::NewUser;
use holdfast::platform::workspaces::rules::Draft;
use holdfast::platform::workspaces::{self, WorkspaceId};

/// Makes both; gives the workspace and a token of its manager, who may write for so long.
pub(crate) async fn workspace(platform: &Arc<Platform>, life: Duration) -> (WorkspaceId, String) {
    let ctx = BoxCtx::new(platform, Cause::of(Actor::System));
    let draft = Draft { name: "Kitchen".to_owned(), ..Draft::default() };
    let made = workspaces::ops::make_file(&ctx, draft, "").await.expect("a file");
    let workspace = made.id;
    let token = ctx.write(move |scope| {
        workspaces::ops::record_in(scope, &made)?;
        let new = NewUser {
            name: "Mira".to_owned(),
            email: "mira@example.com".to_owned(),
            password_hash: "!".to_owned(),
            is_operator: false,
        };
        let user = insert_in(scope, &new)?.id;
        workspaces::ops::add_member_in(scope, workspace, user, Role::Manager)?;
        let draft =
            TokenDraft { name: "load".to_owned(), life, workspace: None, permissions: None };
        make_token_in(scope, user, &draft)
    });
    let token = token.await.expect("a person").1.reveal().to_owned();
    (workspace, token)
}
