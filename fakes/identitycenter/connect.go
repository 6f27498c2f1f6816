package identitycenter

import (
	"context"
	"fmt"

	"github.com/regiondrill/regiondrill/fakes/records"
)

// AppSettings is an application as whoever sets the instance up says it.
type AppSettings struct {
	ID   string `json:"id"` // apl- and 16 hexadecimal digits
	Name string `json:"name"`
}

// connect makes an application that everybody may use and that is connected to this Region. It tells where the Region's
// logs are then, for wait.
func (s *Server) connect(ctx context.Context, set AppSettings) (Position, error) {
	r, err := s.standing()
	if err != nil {
		return Position{}, err
	}
	a := &Application{ID: set.ID, Name: set.Name, Provider: "arn:aws:sso::aws:applicationProvider/custom",
		Region: r.cfg.Region, Status: enabled, Visibility: enabled, Origin: originCenter, AssignmentOptional: true,
		Created: r.now()}
	if err := a.check(); err != nil {
		return Position{}, fmt.Errorf("connecting an application: %w", err)
	}
	err = r.change(ctx, r.cfg.Instance.ARN(), func(tx *records.Tx) error { return tx.Put(kindApplication, a.ID, a) })
	if err != nil {
		return Position{}, fmt.Errorf("connecting an application: %w", err)
	}
	return r.Position(), nil
}
