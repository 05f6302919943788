package store

import (
	"context"
	"database/sql"
	"encoding/json"

	"vmorchestrator/backend/domain"
)

// GetSettings gives the person's settings; what was never set, or set by a version that meant something else, is as in
// domain.DefaultSettings.
func (s *Store) GetSettings(ctx context.Context) (domain.Settings, error) {
	type pair struct{ key, value string }
	rows, err := list(ctx, s, "read the settings", func(row scanner) (p pair, err error) {
		return p, row.Scan(&p.key, &p.value)
	}, `SELECT key, value FROM settings`)
	settings := domain.DefaultSettings()
	if err != nil {
		return settings, err
	}
	for _, row := range rows {
		next := settings
		if json.Unmarshal([]byte(`{`+toJSON(row.key)+`:`+row.value+`}`), &next) == nil && next.Validate() == nil {
			settings = next
		}
	}
	return settings, nil
}

// PutSettings writes the settings that differ from what is stored.
func (s *Store) PutSettings(ctx context.Context, settings domain.Settings) error {
	if err := settings.Validate(); err != nil {
		return err
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal([]byte(toJSON(settings)), &values); err != nil {
		return domain.NewError(domain.CodeInternal, "", "settings: %w", err)
	}
	return s.writeAlways(ctx, "write the settings", func(tx *sql.Tx) error {
		for key, value := range values {
			_, err := tx.ExecContext(ctx, `INSERT INTO settings (key, value) VALUES (?1, ?2)
				ON CONFLICT (key) DO UPDATE SET value = ?2 WHERE value <> ?2`, key, string(value))
			if err != nil {
				return err
			}
		}
		return nil
	})
}
