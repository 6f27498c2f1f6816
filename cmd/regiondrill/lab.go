package main

import (
	"github.com/spf13/cobra"
)

// standing is a lab that is kept running to look at, as it tells of itself to who connects to its socket.
type standing struct {
	Name      string            `json:"name"`
	PID       int               `json:"pid"`
	Scenario  string            `json:"scenario"`
	Portals   map[string]string `json:"portals"` // URL by Region
	Dashboard string            `json:"dashboard"`
	Page      string            `json:"page"`  // URL of the lab's own page
	Doors     map[string]string `json:"doors"` // URL of the HTTP proxy by place
	Vantages  []string          `json:"vantages"`
	CA        string            `json:"ca"`  // PEM file
	Pin       string            `json:"pin"` // SPKI of all good certificates
	UserName  string            `json:"user_name"`
	Password  string            `json:"password"` // of a made-up person in a lab that nobody else can reach
	Account   string            `json:"account"`
	Role      string            `json:"role"`    // a permission set of the person in the account
	Primary   string            `json:"primary"` // Region

	AccessKey   string `json:"access_key"`  // of the account's administrator
	SecretKey   string `json:"secret_key"`  // that goes with it
	Config      string `json:"config"`      // file for AWS_CONFIG_FILE
	Credentials string `json:"credentials"` // file for AWS_SHARED_CREDENTIALS_FILE

	IdentityStore string `json:"identity_store"` // its id
	SCIM          string `json:"scim"`           // URL where users are provisioned
	SCIMToken     string `json:"scim_token"`     // that this takes

	SPMetadata string `json:"sp_metadata"`      // file with the SAML metadata of the instance, for an identity provider
	Secret     string `json:"secret,omitempty"` // of the person's one-time codes; empty: none are asked for

	socket string   // by which it was found
	others []string // that stand too, where nobody said which lab was meant
}

func (p *program) labCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "lab", Short: "Keep the lab of a scenario running, to look at and to play with", Args: p.noSuchCommand,
		Example: `  regiondrill lab up primary-region-outage &
  regiondrill lab open --region eu-west-1
  regiondrill lab break region_outage where.region=us-east-1
  regiondrill lab status
  regiondrill lab heal
  eval "$(regiondrill lab env)"`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.labUpCommand(), p.labOpenCommand(), p.labEnvCommand(), p.labBreakCommand(), p.labHealCommand(),
		p.labStatusCommand())
	return cmd
}
