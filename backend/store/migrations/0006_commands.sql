-- A command's name is unique in its scope, and what it was before an edit is kept.
ALTER TABLE commands ADD COLUMN scope_key TEXT NOT NULL DEFAULT '';
UPDATE commands SET scope_key = CASE data ->> '$.scope.kind'
    WHEN 'tags' THEN 'tags ' || coalesce((SELECT group_concat(value, char(31)) FROM (SELECT value FROM json_each(data, '$.scope.tags') ORDER BY value)), '')
    WHEN 'vms' THEN 'vms ' || coalesce((SELECT group_concat(value, char(31)) FROM (SELECT value FROM json_each(data, '$.scope.vmIds') ORDER BY value)), '')
    ELSE '' END;
DROP INDEX commands_name;
CREATE UNIQUE INDEX commands_name ON commands (name_key, scope_key) WHERE deleted_at IS NULL;

CREATE TABLE command_versions (
    key         INTEGER PRIMARY KEY,
    command_id  TEXT NOT NULL,
    name        TEXT NOT NULL,
    data        TEXT NOT NULL, -- as in commands
    at          INTEGER NOT NULL -- when it was replaced
);
CREATE INDEX command_versions_command ON command_versions (command_id, key);
