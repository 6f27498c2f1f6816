package identitycenter

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/fakes/control"
	"github.com/regiondrill/regiondrill/fakes/records"
)

// pathApplication is where an application of this Region begins, by its ID.
const pathApplication = "/app/"

// tile is an application as a portal shows it. Whatever Region's portal shows it, it begins in the Region that it is
// connected to, and fails with that (IAM Identity Center User Guide, "Applications in multiple Regions").
type tile struct{ Name, Region, URL string }

func (r *Replica) tiles(p *person) []tile {
	var tiles []tile
	for _, a := range p.Applications {
		tiles = append(tiles, tile{a.Name, a.Region, r.beginning(&a)})
	}
	return tiles
}

// beginning is where an application begins, whatever portal shows it.
func (r *Replica) beginning(a *Application) string {
	return "https://" + r.cfg.Instance.PortalHost(a.Region) + pathApplication + a.ID
}

// serveApplication starts one: the person is sent to where it says that it begins, or to a page that stands for it.
func (r *Replica) serveApplication(w http.ResponseWriter, req *http.Request) {
	id := req.PathValue("id")
	n, _ := r.portalSession(w, req, pathApplication+url.PathEscape(id))
	if n == nil {
		return
	}
	p := r.present(w, req, n)
	if p == nil {
		return
	}
	i := slices.IndexFunc(p.Applications, func(a Application) bool { return a.ID == id })
	if i < 0 {
		refused := refuse(causeApplication, "no such application is assigned to %s", p.User.Name)
		r.serveRefusal(w, req, refused, http.StatusForbidden)
		return
	}
	a := p.Applications[i]
	if a.Region != r.cfg.Region {
		redirect(w, req, r.beginning(&a), http.StatusFound)
		return
	}
	control.Visit{Person: n.User, Served: "the application " + a.Name}.Tell(req.Context())
	if a.Origin == originApplication {
		redirect(w, req, a.URL, http.StatusFound)
		return
	}
	r.pages.launch(w, p.User, a)
}

// applicationsFor are those that a user may use, by their names.
func applicationsFor(tx *records.Tx, principals []string) ([]Application, error) {
	var found []Application
	err := each(tx, kindApplication, func(_ string, a *Application) error {
		may := a.AssignmentOptional || slices.ContainsFunc(principals, func(p string) bool {
			return tx.Has(kindApplicationAssignment, (&ApplicationAssignment{a.ID, p}).id())
		})
		if may && a.Status == enabled && a.Visibility == enabled && tx.Has(kindRegion, a.Region) {
			found = append(found, *a)
		}
		return nil
	})
	slices.SortFunc(found, func(a, b Application) int { return strings.Compare(a.Name, b.Name) })
	return found, err
}

// relayed is where an unsolicited response says that the person wants to go: a portal of this Region, or an application
// in it. Anything else is passed over, so that no response leads out of the house.
func (r *Replica) relayed(relayState string) (host, next string) {
	u, err := url.Parse(relayState)
	if err != nil || u.Scheme != "https" || u.User != nil {
		return "", ""
	}
	host = strings.ToLower(u.Host)
	if !slices.Contains(portalHosts(&r.cfg), host) {
		return "", ""
	}
	id, ok := strings.CutPrefix(u.EscapedPath(), r.portalPath(host)+pathApplication)
	if ok && !strings.Contains(id, "/") {
		next = pathApplication + id
	}
	return host, next
}
