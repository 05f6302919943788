package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// prepared are the writer's statements that are understood once for the life of the store, those that every run needs:
// understanding them took more than half of the processor time of writing a run.
type prepared struct {
	mu sync.Mutex
	of map[string]*sql.Stmt
}

// prepare understands statements. It must come before the transaction that uses them: there is one writing connection.
func (s *Store) prepare(ctx context.Context, texts ...string) error {
	s.prepared.mu.Lock()
	defer s.prepared.mu.Unlock()
	for _, text := range texts {
		if s.prepared.of[text] != nil {
			continue
		}
		stmt, err := s.writer.PrepareContext(ctx, text) //nolint:sqlclosecheck // close does, with the store
		if err != nil {
			return err
		}
		if s.prepared.of == nil {
			s.prepared.of = map[string]*sql.Stmt{}
		}
		s.prepared.of[text] = stmt
	}
	return nil
}

// within gives a prepared statement for a transaction; nil for one that was not prepared.
func (s *Store) within(ctx context.Context, tx *sql.Tx, text string) *sql.Stmt {
	s.prepared.mu.Lock()
	defer s.prepared.mu.Unlock()
	if stmt := s.prepared.of[text]; stmt != nil {
		return tx.StmtContext(ctx, stmt)
	}
	return nil
}

func (s *Store) exec(ctx context.Context, tx *sql.Tx, text string, args ...any) error {
	var err error
	if stmt := s.within(ctx, tx, text); stmt != nil { //nolint:sqlclosecheck // the transaction's end closes it
		_, err = stmt.ExecContext(ctx, args...)
	} else {
		_, err = tx.ExecContext(ctx, text, args...)
	}
	return err
}

func (s *Store) row(ctx context.Context, tx *sql.Tx, text string, args ...any) *sql.Row {
	if stmt := s.within(ctx, tx, text); stmt != nil { //nolint:sqlclosecheck // the transaction's end closes it
		return stmt.QueryRowContext(ctx, args...)
	}
	return tx.QueryRowContext(ctx, text, args...)
}

func (p *prepared) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, stmt := range p.of {
		errs = append(errs, stmt.Close())
	}
	p.of = nil
	return errors.Join(errs...)
}
