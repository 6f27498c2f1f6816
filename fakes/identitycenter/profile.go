package identitycenter

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// Profile is what else is known of a user, all of it optional. Its names are those of SCIM and of Identity Store
// (Identity Store API Reference, "User"; RFC 7643, section 4.1), but for the person's name, which is not the user name.
type Profile struct {
	FullName          *FullName    `json:"fullName,omitempty"`
	NickName          string       `json:"nickName,omitempty"`
	ProfileURL        string       `json:"profileUrl,omitempty"`
	Title             string       `json:"title,omitempty"`
	UserType          string       `json:"userType,omitempty"`
	PreferredLanguage string       `json:"preferredLanguage,omitempty"`
	Locale            string       `json:"locale,omitempty"`
	Timezone          string       `json:"timezone,omitempty"`
	Birthdate         string       `json:"birthdate,omitempty"` // YYYY-MM-DD
	Website           string       `json:"website,omitempty"`
	Emails            []Labelled   `json:"emails,omitempty"` // one at most, as of the next three
	Addresses         []Address    `json:"addresses,omitempty"`
	PhoneNumbers      []Labelled   `json:"phoneNumbers,omitempty"`
	Roles             []Labelled   `json:"roles,omitempty"`
	Photos            []Photo      `json:"photos,omitempty"` // three at most
	Enterprise        *Enterprise  `json:"enterprise,omitempty"`
	ExternalIDs       []ExternalID `json:"externalIds,omitempty"`
	Stamp
}

// FullName is what a person is called.
type FullName struct {
	Formatted       string `json:"formatted,omitempty"`
	FamilyName      string `json:"familyName,omitempty"`
	GivenName       string `json:"givenName,omitempty"`
	MiddleName      string `json:"middleName,omitempty"`
	HonorificPrefix string `json:"honorificPrefix,omitempty"`
	HonorificSuffix string `json:"honorificSuffix,omitempty"`
}

// Labelled is an e-mail address, a telephone number or a role.
type Labelled struct {
	Value   string `json:"value,omitempty"`
	Type    string `json:"type,omitempty"` // work
	Primary bool   `json:"primary,omitempty"`
}

// Address is a postal one.
type Address struct {
	Formatted     string `json:"formatted,omitempty"`
	StreetAddress string `json:"streetAddress,omitempty"`
	Locality      string `json:"locality,omitempty"`
	Region        string `json:"region,omitempty"`
	PostalCode    string `json:"postalCode,omitempty"`
	Country       string `json:"country,omitempty"`
	Type          string `json:"type,omitempty"`
	Primary       bool   `json:"primary,omitempty"`
}

// Photo is a picture or where there is one.
type Photo struct {
	Value   string `json:"value,omitempty"`
	Type    string `json:"type,omitempty"`
	Display string `json:"display,omitempty"`
	Primary bool   `json:"primary,omitempty"`
}

// Enterprise is SCIM's extension of that name.
type Enterprise struct {
	EmployeeNumber string   `json:"employeeNumber,omitempty"`
	CostCenter     string   `json:"costCenter,omitempty"`
	Organization   string   `json:"organization,omitempty"`
	Division       string   `json:"division,omitempty"`
	Department     string   `json:"department,omitempty"`
	Manager        *Manager `json:"manager,omitempty"`
}

// Manager is another user, by the ID that the provider gives.
type Manager struct {
	Value string `json:"value,omitempty"`
}

// ExternalID is what an identity provider calls a user or a group. It is unique for its issuer.
type ExternalID struct {
	Issuer string `json:"issuer"`
	ID     string `json:"id"`
}

// Stamp says who made and changed a record, and when. What came with a Directory has none.
type Stamp struct {
	Created   time.Time `json:"created,omitzero"`
	CreatedBy string    `json:"createdBy,omitempty"`
	Updated   time.Time `json:"updated,omitzero"`
	UpdatedBy string    `json:"updatedBy,omitempty"`
	Changes   uint64    `json:"changes,omitempty"` // since it was created
}

// made is the stamp of what somebody makes.
func made(by string, now time.Time) Stamp {
	return Stamp{Created: now, CreatedBy: by, Updated: now, UpdatedBy: by}
}

// change notes one.
func (s *Stamp) change(by string, now time.Time) {
	s.Updated, s.UpdatedBy = now, by
	s.Changes++
}

// since is when it was created and changed last, for what came with the instance when that was.
func (s *Stamp) since(instance time.Time) (created, updated time.Time) {
	created, updated = s.Created, s.Updated
	if created.IsZero() {
		created = instance
	}
	if updated.IsZero() {
		updated = created
	}
	return created, updated
}

// revisionOf a record is another one after every change, and the same in every Region.
func revisionOf(record any) string {
	raw, err := json.Marshal(record)
	if err != nil {
		return "" // it was read from JSON
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:16])
}
