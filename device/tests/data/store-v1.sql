-- A store as version 1 of the schema wrote it. This file is never changed: it stands for the boxes out there.
CREATE TABLE box (
    id INTEGER PRIMARY KEY,
    uid BLOB NOT NULL UNIQUE CHECK (length(uid) = 16),
    name TEXT NOT NULL,
    own INTEGER NOT NULL DEFAULT 0,
    next_take INTEGER NOT NULL DEFAULT 1,
    sequence INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE take (
    id INTEGER PRIMARY KEY,
    box INTEGER NOT NULL REFERENCES box (id),
    number INTEGER NOT NULL,
    state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),
    changed INTEGER,
    label TEXT NOT NULL,
    performer TEXT NOT NULL,
    discarded INTEGER NOT NULL DEFAULT 0,
    here_label TEXT,
    here_discarded INTEGER,
    recorded_label TEXT NOT NULL,
    recorded_performer TEXT NOT NULL,
    recorded_unix_ms INTEGER NOT NULL,
    recorded_boot TEXT NOT NULL,
    recorded_since_boot_ms INTEGER NOT NULL,
    recorded_config TEXT NOT NULL,
    recorded_features INTEGER NOT NULL,
    recorded_model TEXT NOT NULL,
    recorded_mirrored INTEGER NOT NULL,
    recorded_width INTEGER NOT NULL,
    recorded_height INTEGER NOT NULL,
    observations INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    hash BLOB CHECK (length(hash) = 32),
    UNIQUE (box, number)
) STRICT;
CREATE UNIQUE INDEX take_changed ON take (box, changed);
CREATE INDEX take_state ON take (state);
CREATE TABLE chunk (
    take INTEGER NOT NULL REFERENCES take (id),
    part INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (take, part)
) STRICT;
CREATE TABLE held (
    host BLOB NOT NULL,
    take INTEGER NOT NULL REFERENCES take (id),
    PRIMARY KEY (host, take)
) STRICT, WITHOUT ROWID;
CREATE INDEX held_take ON held (take);
PRAGMA application_id = 1382118241;
PRAGMA user_version = 1;
INSERT INTO box VALUES (1, X'00112233445566778899AABBCCDDEEFF', 'stage left', 1, 5, 4);
INSERT INTO take VALUES
    (1, 1, 1, 1, 2, 'hasya', 'Asha', 0, NULL, NULL, 'veera', 'Asha', 1790000000000, 'b00t', 12345, '[box]', 1, 'default', 0, 640, 480, 2, 3, X'abababababababababababababababababababababababababababababababab'),
    (2, 1, 2, 1, 3, 'karuna', 'Asha', 1, NULL, NULL, 'karuna', 'Asha', 1790000000000, 'b00t', 12345, '[box]', 1, 'default', 0, 640, 480, 1, 2, X'cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd'),
    (3, 1, 4, 3, 4, 'shanta', 'Asha', 0, NULL, NULL, 'shanta', 'Asha', 1790000000000, 'b00t', 12345, '[box]', 1, 'default', 0, 640, 480, 0, 0, X'efefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefef');
INSERT INTO chunk VALUES (1, 0, X'0102'), (1, 1, X'03'), (2, 0, X'0405');
INSERT INTO held VALUES (X'77', 2);
