package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/bradleyfalzon/ghinstallation/v2"

	"github.com/pressrun/pressrun/internal/atomicfile"
	"github.com/pressrun/pressrun/internal/awscredentials"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/githubapp"
	"github.com/pressrun/pressrun/internal/githubapp/secrets"
	"github.com/pressrun/pressrun/internal/ledger"
)

// credentials reads and stores the credentials of the server at GitHub, and of GitHub at the
// server.
type credentials struct {
	config config.GitHub
	state  string // the state folder
	shared Shared // nil for an app that has its ledger alone
}

// Shared stores the secrets that all replicas on a ledger share: a ledger.Secrets.
type Shared interface {
	Read(ctx context.Context, name string) (value string, err error)
	KeepFirst(ctx context.Context, name, value string) (kept string, err error)
}

// sharedApp names the GitHub App that /setup made among the shared secrets.
const sharedApp = "github-app"

// shareFirst gives the value that the first replica stored under a name; an app that has
// its ledger alone gets its own value.
func (c credentials) shareFirst(ctx context.Context, name, value string) (string, error) {
	if c.shared == nil {
		return value, nil
	}
	kept, err := c.shared.KeepFirst(ctx, name, value)
	if err != nil {
		return "", fmt.Errorf("share the set-up of GitHub: %w", err)
	}
	return kept, nil
}

// The variables that hold GitHub's secrets where no file does.
const (
	envGitHubKey      = "PRESSRUN_GITHUB_KEY"
	envGitHubToken    = "PRESSRUN_GITHUB_TOKEN"           //nolint:gosec // G101: a name, not a secret
	envWebhookSecret  = "PRESSRUN_GITHUB_WEBHOOK_SECRET"  //nolint:gosec // G101: a name, not a secret
	envCallbackSecret = "PRESSRUN_GITHUB_CALLBACK_SECRET" //nolint:gosec // G101: a name, not a secret
)

// fill reads the secrets of the configuration, the environment and the state folder into
// the options and the link.
func (c credentials) fill(ctx context.Context, o *githubapp.Options, to *link) error {
	conf := c.config
	var err error
	if to.secrets, err = secretsOf(conf.WebhookSecretFiles, envWebhookSecret); err != nil {
		return err
	}
	if to.callbacks, err = secretsOf(conf.CallbackSecretFiles, envCallbackSecret); err != nil {
		return err
	}
	if o.Token, err = secretOf(conf.TokenFile, envGitHubToken); err != nil || o.Token != "" {
		return err
	}
	if o.AppID == 0 {
		made, err := c.made(ctx)
		if err != nil {
			return err
		}
		if made.AppID != 0 {
			o.AppID, to.secrets = made.AppID, append(to.secrets, made.WebhookSecret)
			o.Signer, err = secrets.KeySigner([]byte(made.Key))
			return err
		}
	}
	o.Signer, err = c.signer(ctx)
	if err == nil && o.AppID != 0 && o.Signer == nil {
		return fmt.Errorf("github.app_id is set, but there is no key: set github.key_file, github.key_secret, github.kms_key or %s", envGitHubKey)
	}
	return err
}

// secretOf reads a secret from its file, else from the environment.
func secretOf(file, variable string) (string, error) {
	if file == "" {
		return strings.TrimSpace(os.Getenv(variable)), nil
	}
	text, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return "", fmt.Errorf("read a secret: %w", err)
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" {
		return "", fmt.Errorf("%s is empty: it must hold a secret", file)
	}
	return secret, nil
}

func secretsOf(files []string, variable string) ([]string, error) {
	var out []string
	for _, file := range files {
		secret, err := secretOf(file, "")
		if err != nil {
			return nil, err
		}
		out = append(out, secret)
	}
	if secret := strings.TrimSpace(os.Getenv(variable)); secret != "" {
		out = append(out, secret)
	}
	return out, nil
}

// signer signs as the App whose id is configured.
func (c credentials) signer(ctx context.Context) (ghinstallation.Signer, error) {
	conf := c.config
	switch {
	case conf.KMSKey != "":
		aws, err := awscredentials.Load(ctx)
		if err != nil {
			return nil, fmt.Errorf("prepare AWS KMS: %w", err)
		}
		return secrets.KMSSigner(kms.NewFromConfig(aws), conf.KMSKey), nil
	case conf.KeySecret != "" && conf.AppID != 0:
		return keyInSecret(ctx, conf.KeySecret, int64(conf.AppID))
	}
	key, err := secretOf(conf.KeyFile, envGitHubKey)
	if err != nil || key == "" {
		return nil, err
	}
	where := conf.KeyFile
	if where == "" {
		where = envGitHubKey
	}
	return keySigner(key, where)
}

// keySigner signs with a key; where names the key's source in an error.
func keySigner(key, where string) (ghinstallation.Signer, error) {
	signer, err := secrets.KeySigner([]byte(key))
	if err != nil {
		return nil, fmt.Errorf("the GitHub App's key in %s: %w", where, err)
	}
	return signer, nil
}

// keyInSecret reads the key of an App from Secrets Manager: in PEM, as GitHub hands it out,
// or in the document that /setup stores.
func keyInSecret(ctx context.Context, name string, id int64) (ghinstallation.Signer, error) {
	client, err := secretsManager(ctx)
	if err != nil {
		return nil, err
	}
	text, err := secrets.ReadSecret(ctx, client, name)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		return keySigner(text, "the secret "+name)
	}
	made, err := parseMade(text)
	if err != nil {
		return nil, fmt.Errorf("read the GitHub App in the secret %s: %w", name, err)
	}
	if made.AppID != id {
		return nil, fmt.Errorf("the secret %s is of GitHub App %d, but github.app_id is %d: leave github.app_id out", name, made.AppID, id)
	}
	return keySigner(made.Key, "the secret "+name)
}

func secretsManager(ctx context.Context) (secrets.SecretsManager, error) {
	aws, err := awscredentials.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("prepare AWS Secrets Manager: %w", err)
	}
	return secretsmanager.NewFromConfig(aws), nil
}

// madeApp is the document of the GitHub App that /setup made, in the state folder (0600), in
// Secrets Manager or among the shared secrets.
type madeApp struct {
	AppID         int64  `json:"app_id,omitempty"`
	Slug          string `json:"slug,omitempty"`
	HTMLURL       string `json:"html_url,omitempty"`
	WebhookSecret string `json:"webhook_secret,omitempty"`
	Key           string `json:"key,omitempty"`
	// KeySecret names the secret of Secrets Manager that holds the document; all other
	// fields are empty then.
	KeySecret string `json:"key_secret,omitempty"`
}

func (c credentials) madeFile() string { return filepath.Join(c.state, "github-app.json") }

// parseMade never quotes the text in its errors: there is a key in it.
func parseMade(text string) (madeApp, error) {
	var m madeApp
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return madeApp{}, errors.New("it is not what /setup writes: a JSON object with app_id and key")
	}
	if m.KeySecret == "" && (m.AppID == 0 || m.Key == "") {
		return madeApp{}, errors.New("it lacks app_id or key")
	}
	return m, nil
}

// made reads the App that /setup made; there is none yet when its AppID is 0.
func (c credentials) made(ctx context.Context) (madeApp, error) {
	secret := c.config.KeySecret
	if secret == "" {
		text, where, err := c.kept(ctx)
		if err != nil || text == "" {
			return madeApp{}, err
		}
		m, err := parseMade(text)
		if err != nil {
			return madeApp{}, fmt.Errorf("read the GitHub App that /setup made (%s): %w", where, err)
		}
		if m.KeySecret == "" {
			return m, nil
		}
		return madeInSecret(ctx, m.KeySecret)
	}
	m, err := madeInSecret(ctx, secret)
	if errors.Is(err, secrets.ErrNoSecret) {
		return madeApp{}, nil // /setup will fill it
	}
	return m, err
}

// kept is the document that keep has stored, and its place: the state folder, or the shared
// secrets. A replica shares the document that it finds in its state folder, from when it had
// its ledger alone.
func (c credentials) kept(ctx context.Context) (text, where string, err error) {
	if c.shared != nil {
		text, err = c.shared.Read(ctx, sharedApp)
		if err == nil || !errors.Is(err, ledger.ErrNotFound) {
			return text, "the row " + sharedApp + " of shared_secrets", err
		}
	}
	read, err := os.ReadFile(c.madeFile())
	if errors.Is(err, fs.ErrNotExist) {
		return "", "", nil
	}
	if err != nil {
		return "", "", fmt.Errorf("read the GitHub App that /setup made: %w", err)
	}
	text = string(read)
	if _, damaged := parseMade(text); damaged == nil { // the caller tells why it is not
		text, err = c.shareFirst(ctx, sharedApp, text)
	}
	return text, c.madeFile(), err
}

func madeInSecret(ctx context.Context, name string) (madeApp, error) {
	client, err := secretsManager(ctx)
	if err != nil {
		return madeApp{}, err
	}
	text, err := secrets.ReadSecret(ctx, client, name)
	if err != nil {
		return madeApp{}, err
	}
	m, err := parseMade(text)
	if err == nil && m.AppID == 0 {
		err = errors.New("it lacks app_id or key")
	}
	if err != nil {
		return madeApp{}, fmt.Errorf("read the GitHub App in the secret %s (where it holds a key alone, set github.app_id): %w", name, err)
	}
	return m, nil
}

// mayKeepIn checks whether a secret can store an App before the App is made: GitHub hands
// the key out once.
func mayKeepIn(ctx context.Context, name string) error {
	client, err := secretsManager(ctx)
	if err != nil {
		return err
	}
	_, err = secrets.ReadSecret(ctx, client, name)
	if errors.Is(err, secrets.ErrNoSecret) {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("the secret %s holds something already: name another, or delete it first", name)
}

// keep stores the App with its secrets: in Secrets Manager if a secret is named, else among
// the shared secrets, or in the state folder, readable by nobody else.
func (c credentials) keep(ctx context.Context, made githubapp.Made, secret string) error {
	app := madeApp{AppID: made.AppID, Slug: made.Slug, HTMLURL: made.HTMLURL, WebhookSecret: made.WebhookSecret, Key: made.Key}
	text, err := json.Marshal(app)
	if err != nil {
		return fmt.Errorf("write the GitHub App: %w", err)
	}
	if secret != "" {
		client, err := secretsManager(ctx)
		if err != nil {
			return err
		}
		if err := secrets.WriteSecret(ctx, client, secret, string(text)); err != nil {
			return err
		}
		if text, err = json.Marshal(madeApp{KeySecret: secret}); err != nil {
			return fmt.Errorf("write the place of the GitHub App: %w", err)
		}
	}
	if c.shared != nil {
		kept, err := c.shareFirst(ctx, sharedApp, string(text))
		if err == nil && kept != string(text) {
			err = errors.New("another one was set up meanwhile, and is used: delete this one on GitHub")
		}
		return err
	}
	if err := atomicfile.Write(c.madeFile(), text); err != nil {
		return fmt.Errorf("store the GitHub App: %w", err)
	}
	return nil
}
