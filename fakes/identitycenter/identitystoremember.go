package identitycenter

import (
	"github.com/regiondrill/regiondrill/fakes/records"
)

// memberID is a union of one: a member is a user.
type memberID struct {
	UserID string `json:"UserId"`
}

func (m *memberID) check() error {
	if m.UserID == "" {
		return invalid("1 validation error detected: Value at 'memberId' failed to satisfy constraint: " +
			"Member must have exactly one member set")
	}
	return nil
}

// shownMembership is one on the wire.
func (c *storeCall) shownMembership(m *Membership) any {
	shown := map[string]any{"GroupId": m.Group, "MemberId": memberID{m.User}}
	if m.CreatedBy != "" {
		shown["CreatedBy"], shown["UpdatedBy"] = m.CreatedBy, m.UpdatedBy
	}
	c.identify(shown, "Membership", m.ID)
	c.date(shown, &m.Stamp)
	return shown
}

type pairInput struct {
	storeInput
	GroupID  string   `json:"GroupId"`
	MemberID memberID `json:"MemberId"`
}

func (c *storeCall) createMembership(in *pairInput) (any, error) {
	if err := in.MemberID.check(); err != nil {
		return nil, err
	}
	var id string
	err := c.change(func(tx *records.Tx) (err error) {
		g, err := readIn[Group](tx, kindGroup, "GROUP", in.GroupID)
		if err != nil {
			return err
		}
		id, err = c.join(tx, g.ID, in.MemberID.UserID, false)
		return err
	})
	if err != nil {
		return nil, err
	}
	said := map[string]any{}
	c.identify(said, "Membership", id)
	return said, nil
}

// join makes a user a member of a group. Who is one already stays it, where again says so; else it is refused.
func (c *storeCall) join(tx *records.Tx, group, user string, again bool) (id string, err error) {
	u, err := readIn[User](tx, kindUser, "USER", user)
	if err != nil {
		return "", err
	}
	m := Membership{ID: membershipID(group, u.ID), Group: group, User: u.ID, Stamp: made(c.by, c.now())}
	switch have := tx.Has(kindMembership, m.ID); {
	case have && again:
		return m.ID, nil
	case have:
		return "", duplicate(duplicates[kindMembership+indexPair])
	}
	return m.ID, putMembership(tx, &m)
}

type membershipInput struct {
	storeInput
	MembershipID string `json:"MembershipId"`
}

func (c *storeCall) describeMembership(in *membershipInput) (any, error) {
	m, err := read[Membership](c, kindMembership, "GROUP_MEMBERSHIP", in.MembershipID)
	if err != nil {
		return nil, err
	}
	return c.shownMembership(m), nil
}

func (c *storeCall) deleteMembership(in *membershipInput) (struct{}, error) {
	return struct{}{}, c.change(func(tx *records.Tx) error {
		m, err := readIn[Membership](tx, kindMembership, "GROUP_MEMBERSHIP", in.MembershipID)
		if err != nil {
			return err
		}
		return tx.Delete(kindMembership, m.ID)
	})
}

// deleteMemberships removes all of a user or of a group.
func deleteMemberships(tx *records.Tx, index, of string) error {
	var ids []string
	err := eachOf(tx, kindMembership, index, of, func(m *Membership) error {
		ids = append(ids, m.ID)
		return nil
	})
	for _, id := range ids {
		if err == nil {
			err = tx.Delete(kindMembership, id)
		}
	}
	return err
}

func (c *storeCall) getMembershipID(in *pairInput) (any, error) {
	if err := in.MemberID.check(); err != nil {
		return nil, err
	}
	var id string
	err := c.view(func(tx *records.Tx) error {
		g, err := readIn[Group](tx, kindGroup, "GROUP", in.GroupID)
		if err != nil {
			return err
		}
		u, err := readIn[User](tx, kindUser, "USER", in.MemberID.UserID)
		if err != nil {
			return err
		}
		if id, err = tx.Find(kindMembership, indexPair, g.ID+" "+u.ID); err == nil && id == "" {
			err = noSuch("GROUP_MEMBERSHIP", "")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	said := map[string]any{}
	c.identify(said, "Membership", id)
	return said, nil
}

type membershipList struct {
	GroupMemberships []any
	NextToken        *string `json:",omitempty"`
}

type membershipsInput struct {
	pairInput
	storePaging
}

func (c *storeCall) listMemberships(in *membershipsInput) (*membershipList, error) {
	return c.memberships(in, indexGroup, func(tx *records.Tx) (string, error) {
		g, err := readIn[Group](tx, kindGroup, "GROUP", in.GroupID)
		if err != nil {
			return "", err
		}
		return g.ID, nil
	})
}

func (c *storeCall) listMembershipsOf(in *membershipsInput) (*membershipList, error) {
	if err := in.MemberID.check(); err != nil {
		return nil, err
	}
	return c.memberships(in, indexMember, func(tx *records.Tx) (string, error) {
		u, err := readIn[User](tx, kindUser, "USER", in.MemberID.UserID)
		if err != nil {
			return "", err
		}
		return u.ID, nil
	})
}

// memberships lists those of a group or of a user.
func (c *storeCall) memberships(
	in *membershipsInput, index string, of func(*records.Tx) (string, error),
) (*membershipList, error) {
	list := new(membershipList)
	return list, c.view(func(tx *records.Tx) error {
		id, err := of(tx)
		if err != nil {
			return err
		}
		name := kindMembership + " " + id
		size, after, err := in.page(name)
		if err != nil {
			return err
		}
		list.GroupMemberships, list.NextToken, err = pageFrom(name, size, c.shownMembership,
			func(visit records.Visit) error { return tx.EachOf(kindMembership, index, id, after, visit) })
		return err
	})
}

// maxAsked is of how many groups it can be asked at once whether somebody is in them.
const maxAsked = 100

type isMemberInput struct {
	storeInput
	MemberID memberID `json:"MemberId"`
	GroupIDs []string `json:"GroupIds"`
}

type membershipResult struct {
	GroupID          string   `json:"GroupId"`
	MemberID         memberID `json:"MemberId"`
	MembershipExists bool     `json:"MembershipExists"`
}

type isMemberOutput struct{ Results []membershipResult }

func (c *storeCall) isMember(in *isMemberInput) (*isMemberOutput, error) {
	if err := in.MemberID.check(); err != nil {
		return nil, err
	}
	if len(in.GroupIDs) == 0 || len(in.GroupIDs) > maxAsked {
		return nil, invalid("1 validation error detected: Value at 'groupIds' failed to satisfy constraint: "+
			"Member must have length between 1 and %d", maxAsked)
	}
	out := new(isMemberOutput)
	return out, c.view(func(tx *records.Tx) error {
		u, err := readIn[User](tx, kindUser, "USER", in.MemberID.UserID)
		if err != nil {
			return err
		}
		for _, name := range in.GroupIDs {
			g, err := readIn[Group](tx, kindGroup, "GROUP", name)
			if err != nil {
				return err
			}
			exists := tx.Has(kindMembership, membershipID(g.ID, u.ID))
			out.Results = append(out.Results, membershipResult{g.ID, memberID{u.ID}, exists})
		}
		return nil
	})
}
