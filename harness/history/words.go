package history

// Words are how a journey is told to people.
type Words struct {
	Do        string // "to sign in"
	Did       string // "those who got in"
	Again     string // "were in again"
	One, Many string // an attempt, and several
}

// journeyWords are those of each journey. One that is missing here is told in words that fit all.
var journeyWords = map[Journey]Words{
	"":              signInWords, // of a probe that doesn't say
	SignIn:          signInWords,
	HeldCredentials: {Do: "use their credentials", Did: "were served", Again: "served again", One: "call", Many: "calls"},
	Administer: {Do: "change who is in a group", Did: "changed it", Again: "served again", One: "change",
		Many: "changes"},
	RoleCredentials: {Do: "get credentials", Did: "got credentials", Again: "served again", One: "call", Many: "calls"},
	KMSRoundTrip: {Do: "use the key", Did: "could use the key", Again: "served by KMS again", One: "round trip",
		Many: "round trips"},
	AppLaunch: {Do: "start their application", Did: "started it", Again: "in their application again", One: "launch",
		Many: "launches"},
	Exec: {Do: "get through with their program", Did: "got through", Again: "served again", One: "run", Many: "runs"},
	CLILogin: {Do: "log in at the command line", Did: "got credentials", Again: "logged in again", One: "login",
		Many: "logins"},
	Console: {Do: "get to the console", Did: "got there", Again: "in the console again", One: "visit to the console",
		Many: "visits to the console"},
	SessionKeep: {Do: "go on with their session", Did: "went on", Again: "served again", One: "visit",
		Many: "visits"},
}

var (
	signInWords = Words{Do: "sign in", Did: "got in", Again: "in again", One: "sign-in", Many: "sign-ins"}
	anyWords    = Words{Do: "get what they came for", Did: "were served", Again: "served again", One: "attempt",
		Many: "attempts"}
)

// Words of the journey.
func (j Journey) Words() Words {
	if w, known := journeyWords[j]; known {
		return w
	}
	return anyWords
}

// Words of what the people of a probe do. A probe that the plan doesn't have signs in, as the oldest histories mean.
func (p *Plan) Words(probe string) Words {
	if found := p.Probe(probe); found != nil {
		return found.Journey.Words()
	}
	return signInWords
}

// WordsOfAll fit all probes of the plan: those of their journey where they have one in common.
func (p *Plan) WordsOfAll() Words {
	words := signInWords
	for i := range p.Probes {
		of := p.Probes[i].Journey.Words()
		if i > 0 && of != words {
			return anyWords
		}
		words = of
	}
	return words
}
