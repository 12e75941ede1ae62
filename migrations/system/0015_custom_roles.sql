-- Roles that the people of a workspace make themselves.

CREATE TABLE custom_roles (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    workspace_id BLOB NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 400),
    -- In lower case: what makes a name the same name.
    name_key TEXT NOT NULL CHECK (length(name_key) <= 800),
    description TEXT NOT NULL CHECK (length(description) <= 2000),
    -- JSON list.
    permissions TEXT NOT NULL CHECK (length(permissions) <= 20000),
    -- 1 when it holds what otherwise owners and admins alone may do.
    needs_factor INTEGER NOT NULL CHECK (needs_factor IN (0, 1)),
    version INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT custom_roles_workspace_id_name_key_unique UNIQUE (workspace_id, name_key)
) STRICT, WITHOUT ROWID;

-- Whoever has one is a viewer for a release that knows of no custom roles.
ALTER TABLE memberships ADD COLUMN custom_role_id BLOB REFERENCES custom_roles (id);
ALTER TABLE invitations ADD COLUMN custom_role_id BLOB REFERENCES custom_roles (id);
-- For: who has a role, and whether it may go.
CREATE INDEX memberships_custom_role ON memberships (custom_role_id)
    WHERE custom_role_id IS NOT NULL;
CREATE INDEX invitations_custom_role ON invitations (custom_role_id)
    WHERE custom_role_id IS NOT NULL;

-- The release before this one gives another role without knowing of this column.
CREATE TRIGGER memberships_built_in_role AFTER UPDATE OF role ON memberships
WHEN NEW.role <> 'viewer' AND NEW.custom_role_id IS NOT NULL
BEGIN
    UPDATE memberships SET custom_role_id = NULL
    WHERE user_id = NEW.user_id AND workspace_id = NEW.workspace_id;
END;
