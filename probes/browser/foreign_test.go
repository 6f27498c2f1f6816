package browser_test

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/fakes/identitycenter"
	"github.com/regiondrill/regiondrill/fakes/pki"
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/lab"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/samlmetadata"
	"github.com/regiondrill/regiondrill/harness/system"
	"github.com/regiondrill/regiondrill/probes"
	"github.com/regiondrill/regiondrill/probes/browser"
)

const (
	foreignWWW  = "/usr/share/simplesamlphp/www" // of Debian's package
	foreignHost = "sso.acme.test"
)

// TestAProviderThatNobodyHereWrote lets SimpleSAMLphp sign people in, in the browser and by protocol, in both Regions.
// It is told of Identity Center by the SP metadata alone, and Identity Center of it by its own.
func TestAProviderThatNobodyHereWrote(t *testing.T) {
	t.Parallel()
	php, err := exec.LookPath("php")
	if err != nil {
		t.Skip("there is no php: apt-get install --no-install-recommends simplesamlphp php-cli php-xml")
	}
	if _, err := os.Stat(foreignWWW); err != nil {
		t.Skip("there is no SimpleSAMLphp: apt-get install --no-install-recommends simplesamlphp php-cli php-xml")
	}
	if err := exec.CommandContext(t.Context(), php, "-r", "exit(class_exists('DOMDocument') ? 0 : 1);").Run(); err != nil {
		t.Skip("this php reads no XML: apt-get install --no-install-recommends php-xml")
	}
	if _, err := browser.Find(os.Getenv); err != nil {
		t.Skip(err)
	}
	top := harness.Topology{Seed: 7, Primary: "us-east-1", Additional: []string{"eu-west-1"},
		Directory: harness.Directory{Users: 4, Groups: 2, Accounts: 3, PermissionSets: 4},
		Vantages:  []harness.Vantage{{Name: "new-york"}}}
	top.IdP.Dialect = "external"
	passwords := map[string]string{}
	for i := range top.Directory.Users {
		passwords[names.User(i+1)+names.UserDomain] = fmt.Sprintf("it's \\ %d", i)
	}
	at := foreign(t, php, system.NewDesign(top).Instance, top.Regions(), passwords)
	said, err := samlmetadata.Read(metadataAt(t, at))
	if err != nil {
		t.Fatal(err)
	}
	top.IdP.External = &harness.ExternalIdP{EntityID: said.EntityID, SSOURL: said.SSOURL, Certificates: said.Certificates,
		URL: at, Passwords: passwords}
	sys := provisioned(t, top)
	inChrome := browser.New()
	for name, probe := range map[string]harness.Probe{"in the browser": inChrome, "by protocol": probes.NewSAMLLogin()} {
		if err := probe.Open(t.Context(), sys.World); err != nil {
			t.Fatal(err)
		}
		for k, region := range top.Regions() {
			a := attempted(t, sys, probe, region, sys.People[k])
			if a.Outcome != history.Good || a.Region != region {
				t.Errorf("%s: %s in %q, %s: %s", name, a.Outcome, a.Region, a.Class, a.Detail)
			}
		}
		stranger := sys.People[2]
		stranger.Password = "not theirs"
		if a := attempted(t, sys, probe, "eu-west-1", stranger); a.Class != history.ClassIdPLoginRefused {
			t.Errorf("%s, with a wrong password: %s in %q, %s: %s", name, a.Outcome, a.Region, a.Class, a.Detail)
		}
		if err := probe.Close(); err != nil {
			t.Error(err)
		}
	}
}

func provisioned(t *testing.T, top harness.Topology) *harness.System {
	t.Helper()
	back := &rollback.Stack{}
	t.Cleanup(func() {
		if err := back.Unwind(context.Background()); err != nil {
			t.Error(err)
		}
	})
	l, err := lab.Start(t.Context(), top, back)
	if err != nil {
		t.Fatal(err)
	}
	return l.System
}

func attempted(
	t *testing.T, sys *harness.System, probe harness.Probe, region string, person harness.Person,
) *harness.Attempt {
	t.Helper()
	a := &harness.Attempt{Probe: "staff", Due: time.Now(), Home: region, From: sys.Place("new-york"), Person: person}
	ctx, cancel := context.WithDeadline(t.Context(), a.Due.Add(30*time.Second))
	defer cancel()
	if err := probe.Try(ctx, a); err != nil {
		t.Fatal(err)
	}
	return a
}

// foreign starts SimpleSAMLphp on loopback and tells where it is.
func foreign(t *testing.T, php string, in names.Instance, regions []string, passwords map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	signer, err := pki.NewSigner("foreign", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(signer.Key)
	if err != nil {
		t.Fatal(err)
	}
	quoted := func(text string) string { return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'" }
	var users strings.Builder
	for user, password := range passwords {
		fmt.Fprintf(&users, "%s => ['mail' => [%s]],\n", quoted(user+":"+password), quoted(user))
	}
	for file, text := range map[string]string{
		"idp.pem":               string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})),
		"idp.crt":               string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signer.Cert.Raw})),
		"sp.xml":                string(identitycenter.SPMetadata(in, regions)),
		"config.php":            fmt.Sprintf(foreignConfig, foreignHost, quoted(dir+"/"), quoted(dir+"/sp.xml"), quoted(php+dir)),
		"authsources.php":       "<?php\n$config = ['people' => ['exampleauth:UserPass',\n" + users.String() + "]];\n",
		"saml20-idp-hosted.php": fmt.Sprintf(foreignProvider, "https://"+foreignHost+"/idp"),
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	served := exec.Command(php, "-S", at, "-t", foreignWWW)
	served.Env = append(os.Environ(), "SIMPLESAMLPHP_CONFIG_DIR="+dir)
	said, err := served.StderrPipe()
	if err == nil {
		err = served.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	lines, drained := bufio.NewScanner(said), make(chan struct{})
	for lines.Scan() && !strings.Contains(lines.Text(), " started") {
		log.WriteString(lines.Text() + "\n")
	}
	go func() {
		defer close(drained)
		for lines.Scan() {
			log.WriteString(lines.Text() + "\n")
		}
	}()
	t.Cleanup(func() {
		_ = served.Process.Kill() // it has no other end
		<-drained
		_ = served.Wait()
		if t.Failed() {
			t.Logf("it said:\n%s", log.String())
		}
	})
	return "http://" + at
}

// foreignConfig takes the host, the folder, the file of the SP's metadata and a salt.
const foreignConfig = `<?php
$config = [
	'baseurlpath' => 'https://%[1]s/', 'certdir' => %[2]s, 'loggingdir' => %[2]s, 'datadir' => %[2]s, 'tempdir' => %[2]s,
	'metadatadir' => %[2]s, 'metadata.sources' => [['type' => 'flatfile'], ['type' => 'xml', 'file' => %[3]s]],
	'secretsalt' => %[4]s, 'auth.adminpassword' => %[4]s, 'technicalcontact_email' => 'nobody@acme.test',
	'timezone' => 'UTC', 'enable.saml20-idp' => true, 'module.enable' => ['exampleauth' => true, 'saml' => true, 'core' => true],
	'logging.handler' => 'errorlog', 'logging.level' => 7, 'showerrors' => true, 'store.type' => 'phpsession',
	'session.phpsession.savepath' => %[2]s, 'session.cookie.secure' => true, 'theme.use' => 'default', 'production' => true,
	'language.available' => ['en'], 'language.default' => 'en',
];
`

// foreignProvider takes the entity ID.
const foreignProvider = `<?php
$metadata['%s'] = [
	'host' => '__DEFAULT__', 'privatekey' => 'idp.pem', 'certificate' => 'idp.crt', 'auth' => 'people',
	'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
	'authproc' => [1 => ['class' => 'saml:AttributeNameID', 'attribute' => 'mail',
		'Format' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress']],
];
`

// metadataAt is what the provider says of itself.
func metadataAt(t *testing.T, at string) []byte {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at+"/saml2/idp/metadata.php", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = foreignHost
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	document, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("the provider's metadata: %s %v\n%s", answer.Status, err, document)
	}
	return document
}
