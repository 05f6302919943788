// Package secretservice is a keychain for tests: the part of the Secret Service interface of freedesktop.org that is
// needed to keep, find and forget an entry, on the session bus, in memory, always unlocked.
package secretservice

import (
	"fmt"
	"maps"
	"sync"

	"github.com/godbus/dbus/v5"
)

const (
	name       = "org.freedesktop.secrets"
	root       = dbus.ObjectPath("/org/freedesktop/secrets")
	session    = root + "/session/1"
	collection = root + "/aliases/default"
	none       = dbus.ObjectPath("/") // no prompt is needed
)

// Service is the keychain.
type Service struct {
	conn *dbus.Conn

	mu    sync.Mutex
	next  int
	items map[dbus.ObjectPath]*item
}

// secret is a secret as it goes over the bus.
type secret struct {
	Session     dbus.ObjectPath
	Parameters  []byte
	Value       []byte
	ContentType string
}

type item struct {
	s          *Service
	path       dbus.ObjectPath
	attributes map[string]string
	secret     secret
}

// Serve puts a keychain on the session bus until the process ends.
func Serve() (*Service, error) {
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		return nil, fmt.Errorf("connect to the session bus: %w", err)
	}
	s := &Service{conn: conn, items: map[dbus.ObjectPath]*item{}}
	for path, part := range map[dbus.ObjectPath]struct {
		object any
		kind   string
	}{root: {service{s}, "Service"}, session: {sessionObject{}, "Session"}, collection: {collectionObject{s}, "Collection"}} {
		if err := conn.Export(part.object, path, "org.freedesktop.Secret."+part.kind); err != nil {
			return nil, fmt.Errorf("export %s: %w", path, err)
		}
	}
	if reply, err := conn.RequestName(name, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		return nil, fmt.Errorf("own %s: answer %d: %w", name, reply, err)
	}
	return s, nil
}

// Entries are the attributes of all that is kept.
func (s *Service) Entries() []map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []map[string]string{}
	for _, it := range s.items {
		all = append(all, maps.Clone(it.attributes))
	}
	return all
}

type service struct{ *Service }

func (service) OpenSession(string, dbus.Variant) (dbus.Variant, dbus.ObjectPath, *dbus.Error) {
	return dbus.MakeVariant(""), session, nil
}

func (service) Unlock(objects []dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	return objects, none, nil
}

type sessionObject struct{}

func (sessionObject) Close() *dbus.Error { return nil }

type collectionObject struct{ *Service }

func (c collectionObject) SearchItems(wanted map[string]string) ([]dbus.ObjectPath, *dbus.Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := []dbus.ObjectPath{}
	for path, it := range c.items {
		if maps.Equal(it.attributes, wanted) {
			found = append(found, path)
		}
	}
	return found, nil
}

func (c collectionObject) CreateItem(properties map[string]dbus.Variant, value secret, _ bool) (dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	attributes, _ := properties["org.freedesktop.Secret.Item.Attributes"].Value().(map[string]string)
	c.mu.Lock()
	defer c.mu.Unlock()
	for path, it := range c.items {
		if maps.Equal(it.attributes, attributes) {
			it.secret = value
			return path, none, nil
		}
	}
	c.next++
	it := &item{s: c.Service, path: dbus.ObjectPath(fmt.Sprintf("%s/item/%d", root, c.next)), attributes: attributes, secret: value}
	if err := c.conn.Export(it, it.path, "org.freedesktop.Secret.Item"); err != nil {
		return none, none, dbus.MakeFailedError(err)
	}
	c.items[it.path] = it
	return it.path, none, nil
}

// GetSecret gives the item's secret.
func (it *item) GetSecret(in dbus.ObjectPath) (secret, *dbus.Error) {
	it.s.mu.Lock()
	defer it.s.mu.Unlock()
	out := it.secret
	out.Session = in
	return out, nil
}

// Delete forgets the item.
func (it *item) Delete() (dbus.ObjectPath, *dbus.Error) {
	it.s.mu.Lock()
	defer it.s.mu.Unlock()
	delete(it.s.items, it.path)
	if err := it.s.conn.Export(nil, it.path, "org.freedesktop.Secret.Item"); err != nil {
		return none, dbus.MakeFailedError(err)
	}
	return none, nil
}
