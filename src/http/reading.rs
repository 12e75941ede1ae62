//! What a request that went well read, for the audit log.

use std::sync::Arc;

use http::Method;

use super::guard::Incoming;
use crate::platform::audit::Log;
use crate::platform::audit::reads::{self, RouteName, Sensitive};
use crate::platform::ctx::{BoxCtx, Ctx};
use crate::platform::error::Result;

/// The member of an operation whose every reading is an entry of its own: it shows what others
/// did, or who they are.
pub const SENSITIVE: &str = "x-sensitive-read";

/// How reading on a route is kept.
#[derive(Debug, Clone)]
pub struct Kept {
    name: RouteName,
    is_sensitive: bool,
}

impl Kept {
    /// None for what changes something: that has entries of its own.
    pub fn of(method: &Method, path: &str, is_sensitive: bool) -> Option<Self> {
        let below = path.strip_prefix("/api/v1/").unwrap_or(path);
        let below = below.strip_prefix("workspaces/{workspace}/").unwrap_or(below);
        (method == Method::GET).then(|| Self { name: below.into(), is_sensitive })
    }
}

/// A reading on its way.
pub enum Reading {
    Ordinary { ctx: BoxCtx, log: Log, name: RouteName },
    Sensitive { on_box: BoxCtx, inside: Option<Box<Ctx>>, name: RouteName, path: Box<str> },
}

impl Reading {
    pub fn of(kept: &Kept, incoming: &Incoming<'_>, on_box: &BoxCtx, inside: Option<&Ctx>) -> Self {
        let name = Arc::clone(&kept.name);
        if kept.is_sensitive {
            let inside = inside.cloned().map(Box::new);
            let path = incoming.uri.path().into();
            return Self::Sensitive { on_box: on_box.clone(), inside, name, path };
        }
        let log = inside.map_or(Log::Box, |ctx| Log::Workspace(ctx.workspace()));
        Self::Ordinary { ctx: on_box.clone(), log, name }
    }

    /// The same where the answer shows nobody: then it is a reading like any other.
    #[must_use]
    pub fn of_nobody(self) -> Self {
        let Self::Sensitive { on_box, inside, name, .. } = self else { return self };
        let log = inside.map_or(Log::Box, |ctx| Log::Workspace(ctx.workspace()));
        Self::Ordinary { ctx: on_box, log, name }
    }

    /// Counts it, or writes it down where it is sensitive.
    pub async fn note(self) -> Result<()> {
        match self {
            Self::Ordinary { ctx, log, name } => {
                ctx.platform.reads.count(log, &ctx.cause, &name, ctx.now());
                Ok(())
            }
            Self::Sensitive { on_box, inside, name, path } => {
                let read = Sensitive { route: &name, path: &path };
                reads::note(&on_box, inside.as_deref(), &read).await
            }
        }
    }
}
