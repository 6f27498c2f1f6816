package identitycenter

import (
	"encoding/json"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/regiondrill/regiondrill/fakes/awsjson"
	"github.com/regiondrill/regiondrill/fakes/records"
)

// enterpriseExtension is the one extension of users that there is.
const enterpriseExtension = "aws:identitystore:enterprise"

func withExtensions(asked []string) (bool, error) {
	for _, name := range asked {
		if name != enterpriseExtension {
			return false, invalid("The extension %s is not supported: only %s is.", name, enterpriseExtension)
		}
	}
	return len(asked) > 0, nil
}

// shownUser is a user on the wire.
func (c *storeCall) shownUser(u *User, extensions bool) any {
	shown := capitalized(u.Profile)
	for _, ours := range []string{"FullName", "Enterprise", "Created", "Updated", "Changes"} {
		delete(shown, ours)
	}
	if u.FullName != nil {
		shown["Name"] = capitalized(u.FullName)
	}
	if u.Enterprise != nil && extensions {
		shown["Extensions"] = map[string]any{enterpriseExtension: u.Enterprise}
	}
	shown["UserName"], shown["DisplayName"], shown["UserStatus"] = u.Name, u.DisplayName, "ENABLED"
	if u.Disabled {
		shown["UserStatus"] = "DISABLED"
	}
	c.identify(shown, "User", u.ID)
	shown["Revision"] = revisionOf(u)
	c.date(shown, &u.Stamp)
	return shown
}

// identify adds by what it is named.
func (c *storeCall) identify(shown map[string]any, kind, id string) {
	shown["IdentityStoreId"], shown[kind+"Id"] = c.cfg.Instance.DirectoryID, id
	shown[kind+"Arn"] = c.arn(strings.ToLower(kind), id)
}

// date adds when it was made and changed, in seconds since 1970.
func (c *storeCall) date(shown map[string]any, s *Stamp) {
	var instance time.Time
	if known := c.known.Load(); known != nil {
		instance = known.Instance.Created
	}
	created, updated := s.since(instance)
	shown["CreatedAt"], shown["UpdatedAt"] = float64(created.UnixMilli())/1000, float64(updated.UnixMilli())/1000
}

// capitalized is a value as JSON has it, with the members' names as Identity Store writes them.
func capitalized(v any) map[string]any {
	var members map[string]any
	raw, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(raw, &members)
	}
	if err != nil {
		return map[string]any{} // it is a struct that was read from JSON
	}
	return upper(members).(map[string]any) //nolint:forcetypeassert // as a map it went in
}

func upper(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, member := range v {
			out[strings.ToUpper(name[:min(1, len(name))])+name[min(1, len(name)):]] = upper(member)
		}
		return out
	case []any:
		for i := range v {
			v[i] = upper(v[i])
		}
	}
	return v
}

// createUserInput has the profile's members by their names in capitals, which Go's JSON doesn't mind.
type createUserInput struct {
	storeInput
	UserName    string
	DisplayName string
	Name        *FullName
	Extensions  map[string]json.RawMessage
	Profile
}

func (c *storeCall) createUser(in *createUserInput) (any, error) {
	u := User{ID: newID(), Name: in.UserName, DisplayName: in.DisplayName, Profile: in.Profile}
	u.FullName, u.ExternalIDs, u.Enterprise = in.Name, nil, nil
	for name, value := range in.Extensions {
		if name != enterpriseExtension || json.Unmarshal(value, &u.Enterprise) != nil {
			return nil, invalid("The extension %s is not supported, or its value is not of its shape.", name)
		}
	}
	if wrong := u.wrong(); len(wrong) > 0 {
		return nil, violated(wrong)
	}
	if err := c.addUser(&u); err != nil {
		return nil, err
	}
	return c.named("User", u.ID, u), nil
}

// named is the answer to what made or changed something.
func (c *storeCall) named(kind, id string, record any) map[string]any {
	said := map[string]any{"Revision": revisionOf(record)}
	c.identify(said, kind, id)
	return said
}

// violated is how AWS says that values break the rules of their shape.
func violated(wrong []string) error {
	if len(wrong) == 1 {
		return invalid("1 validation error detected: %s", wrong[0])
	}
	return invalid("%d validation errors detected: %s", len(wrong), strings.Join(wrong, "; "))
}

// addUser writes a new user.
func (c *storeCall) addUser(u *User) error {
	u.Stamp = made(c.by, c.now())
	return c.change(func(tx *records.Tx) error { return putUser(tx, u) })
}

type userInput struct {
	storeInput
	UserID     string   `json:"UserId"`
	Revision   *string  `json:"Revision"`
	Extensions []string `json:"Extensions"`
}

func (c *storeCall) describeUser(in *userInput) (any, error) {
	extensions, err := withExtensions(in.Extensions)
	if err != nil {
		return nil, err
	}
	u, err := read[User](c, kindUser, "USER", in.UserID)
	if err != nil {
		return nil, err
	}
	return c.shownUser(u, extensions), nil
}

// read is a record that must be there.
func read[T any](c *storeCall, kind, called, id string) (v *T, err error) {
	err = c.view(func(tx *records.Tx) error {
		v, err = readIn[T](tx, kind, called, id)
		return err
	})
	return v, err
}

func readIn[T any](tx *records.Tx, kind, called, name string) (*T, error) {
	v, id := new(T), resource(name)
	found, err := tx.Get(kind, id, v)
	switch {
	case err != nil:
		return nil, err
	case !found && !isID(id):
		return nil, violated([]string{"Value '" + shortened(id) + "' at '" + strings.ToLower(called) +
			"Id' failed to satisfy constraint: Member must satisfy regular expression pattern: " + idPattern})
	case !found:
		return nil, noSuch(called, id)
	}
	return v, nil
}

// atRevision refuses a change of a record that is another than who asks has seen.
func atRevision(want *string, record any) error {
	if want == nil || *want == revisionOf(record) {
		return nil
	}
	f := awsjson.NewFault(409, "ConflictException", "The resource has been modified since the specified revision.")
	f.Reason = "CONCURRENT_MODIFICATION"
	return f
}

func (c *storeCall) deleteUser(in *userInput) (struct{}, error) {
	return struct{}{}, c.removeUser(in.UserID, func(u *User) error { return atRevision(in.Revision, u) })
}

// removeUser removes a user from all groups, too. What was assigned to the user stays, and gives nobody anything.
func (c *storeCall) removeUser(id string, may func(*User) error) error {
	return c.change(func(tx *records.Tx) error {
		u, err := readIn[User](tx, kindUser, "USER", id)
		if err == nil {
			err = may(u)
		}
		if err == nil {
			err = deleteMemberships(tx, indexMember, u.ID)
		}
		if err != nil {
			return err
		}
		return tx.Delete(kindUser, u.ID)
	})
}

// The rules of strings (Identity Store API Reference, "User").
const (
	maxUserName  = 128
	maxAttribute = 1024
	namePattern  = `[\p{L}\p{M}\p{S}\p{N}\p{P}]+`
	textPattern  = `[\p{L}\p{M}\p{S}\p{N}\p{P}\t\n\r \u00a0\u3000]+`
	idPattern    = `([0-9a-f]{10}-|)[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}`
)

// written tells whether a text has nothing but what AWS lets into names, and into other attributes.
func written(text string, spaces bool) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		named := unicode.In(r, unicode.L, unicode.M, unicode.S, unicode.N, unicode.P)
		return !named && (!spaces || !strings.ContainsRune("\t\n\r \u00a0\u3000", r))
	})
}

// isID tells whether a text looks like an id of AWS's.
func isID(id string) bool {
	parts := strings.Split(strings.ToLower(id), "-")
	if len(parts) == 6 && len(parts[0]) == 10 {
		parts = parts[1:]
	}
	lengths := []int{8, 4, 4, 4, 12}
	if len(parts) != len(lengths) {
		return false
	}
	for i, part := range parts {
		if len(part) != lengths[i] || strings.Trim(part, "0123456789abcdef") != "" {
			return false
		}
	}
	return true
}

// shortened is of somebody's text what an answer repeats.
func shortened(text string) string {
	if len(text) > 64 {
		return strings.ToValidUTF8(text[:64], "") + "…"
	}
	return strings.ToValidUTF8(text, "")
}
