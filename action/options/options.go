// Package options has the settings of a run, each a flag, a variable or an input
// of the GitHub action.
package options

import "time"

// Options are all settings of a run. Their tags make flags of them; every
// flag can be set by the environment too, see Inputs.
type Options struct {
	RunFlags
	TurnFlags
	DetectFlags
	InstallFlags
	ExportFlags
	BuildFlags
	OutputFlags
	CheckFlags
	DeployFlags
	CDNFlags
	VerifyFlags
	MetricsFlags

	// Environ is the environment as of os.Environ; nil for that itself.
	Environ []string `kong:"-"`
}

// RunFlags name the run, its release and its app.
type RunFlags struct {
	Site          string        `help:"Name of the site." placeholder:"NAME"`
	URL           string        `name:"url" help:"Address of the Pressrun app. Without it the run works by itself and reports to nobody." placeholder:"URL"`
	TokenFile     string        `help:"File with the token for the app. Or set PRESSRUN_TOKEN." placeholder:"FILE"`
	Release       int64         `help:"Number of the release, as the app gave it." placeholder:"N"`
	RollbackTo    int64         `help:"Put this earlier release back, as the app gave it, instead of building one." placeholder:"N"`
	DispatchToken string        `help:"The token that the app gave with the dispatch." placeholder:"TOKEN"`
	RunID         string        `name:"run-id" help:"What names this run (in a GitHub workflow: its run id)." placeholder:"ID"`
	RunAttempt    int           `help:"Which attempt of the run this is, from 1." placeholder:"N"`
	RunURL        string        `name:"run-url" help:"Where people see this run." placeholder:"URL"`
	StateFile     string        `help:"File that keeps what the steps tell each other (default: in RUNNER_TEMP, else .pressrun/run.json)." placeholder:"FILE"`
	Dir           string        `help:"The frontend's folder, in which commands run." default:"."`
	Heartbeat     time.Duration `help:"How often to tell the app that the run lives (default: as the app says)." placeholder:"SPAN"`
	AppLimit      time.Duration `help:"How long to try to reach the app before the content is read." default:"5m"`
	LiveLimit     time.Duration `help:"How long to try to tell the app that the site is live, or that the run failed." default:"15m"`
	Supervised    bool          `help:"Somebody else tells the app that this run was cancelled." hidden:""`
	JSON          bool          `name:"json" help:"Print the result as JSON on standard output, and all else on standard error."`

	// Token is the credential for the app. It has no flag on purpose: everybody on the
	// machine can see arguments.
	Token string `kong:"-"`
}

// TurnFlags say for what a run waits before it starts.
type TurnFlags struct {
	TurnLimit     time.Duration `help:"How long to wait for the site's turn." default:"60m"`
	TurnInterval  time.Duration `help:"How often to ask for the site's turn." default:"10s"`
	WhenFrozen    string        `help:"When releases are paused or frozen: wait, or end having done nothing." enum:"wait,end" default:"wait"`
	ReadyURL      string        `name:"ready-url" help:"Address that must answer before the release starts, e.g. the CMS." placeholder:"URL"`
	ReadyStatus   int           `help:"The HTTP status that it must answer with." default:"200"`
	ReadyContains string        `help:"Text that its answer must contain." placeholder:"TEXT"`
	ReadyInterval time.Duration `help:"How often to ask it." default:"15s"`
	ReadyLimit    time.Duration `help:"How long to ask it." default:"70m"`

	Checks         string        `help:"Checks of the commit that must be green before the release starts: GitHub's check runs and statuses by name, with commas or a line each; * stands for any text, and ! takes checks out." placeholder:"NAMES"`
	ChecksLimit    time.Duration `help:"How long to wait for them." default:"30m"`
	ChecksInterval time.Duration `help:"How often to ask for them." default:"20s"`
	ChecksRed      string        `help:"When one is red: stop at once, or wait for somebody to run it again." enum:"stop,wait" default:"stop"`
	ChecksMissing  string        `help:"When one has not begun: wait for it, or go on without it once --checks-grace is over." enum:"wait,go" default:"wait"`
	ChecksGrace    time.Duration `help:"How long a check may take to begin." default:"2m"`

	// GitHubToken asks GitHub for the checks. It has no flag, as Token has none.
	GitHubToken string `kong:"-"`
}

// DetectFlags say whether a run detects from the frontend's files how the site is built.
type DetectFlags struct {
	Detect string `help:"Where neither --build nor --output is given, see from the frontend's files how it is built (pressrun detect shows what is seen): yes, no, or auto, which is yes in a GitHub workflow." enum:"auto,yes,no" default:"auto"`
}

// InstallFlags set the build up.
type InstallFlags struct {
	Install        string        `help:"Command that installs what the build needs." placeholder:"COMMAND"`
	InstallTimeout time.Duration `help:"Ends the installation." default:"20m"`
}

// ExportFlags copy the content of a CMS before the build.
type ExportFlags struct {
	Export          string        `help:"Address of a CMS whose content is copied before the build, or a file of settings in the frontend's folder (pressrun export)." placeholder:"SOURCE"`
	ExportKind      string        `help:"What the CMS is, such as wordpress or drupal." placeholder:"KIND"`
	ExportTo        string        `help:"Folder of the copy, from the frontend's folder. Keep it from run to run: then only what changed is read." default:".pressrun/content" placeholder:"FOLDER"`
	ExportTypes     []string      `help:"Copy these types only (default: all that the CMS lists)." placeholder:"TYPE"`
	ExportAllow     []string      `help:"Guards of the export that may be passed, by name." placeholder:"GUARD"`
	ExportTokenFile string        `help:"File with the credential for the CMS. Or set PRESSRUN_CONTENT_TOKEN." placeholder:"FILE"`
	ExportTimeout   time.Duration `help:"Ends the export. The next one goes on where it was." default:"60m"`
}

// BuildFlags make the static site.
type BuildFlags struct {
	Build        string        `help:"Command that builds the site." placeholder:"COMMAND"`
	BuildTimeout time.Duration `help:"Ends the build." default:"75m"`
	BuildEnv     string        `help:"Variables that only the build sees: a line NAME=value each. A value in double quotes is a JSON string." placeholder:"LINES"`
	Environment  string        `help:"Where the site is deployed to, told to the build as DEPLOY_ENV." placeholder:"NAME"`

	Unchanged string `help:"Where content and code are as they were for the release that is live: skip the release, or build all the same. What an operator asks for is always built." enum:"skip,build" default:"skip"`

	Bake            string   `help:"In place of a command: the root of a live CMS, of whose pages the site is made (pressrun bake)." placeholder:"URL"`
	BakeState       string   `help:"Where the bake keeps what it knows (default: the output's folder with .bake behind it). Keep it from run to run." placeholder:"FOLDER"`
	BakeCanary      string   `help:"Texts that must be there, a line each: in the home page, or with /PATH= before them in another." placeholder:"LINES"`
	BakeUnreachable string   `help:"Where the CMS gives no answer for a page: keep its old bytes, or refuse the bake." enum:"keep,refuse" default:"keep"`
	BakeAllow       []string `help:"Guards of the bake that may be passed, by name." placeholder:"GUARD"`
	BakeAuthFile    string   `help:"File with USER:PASSWORD of a CMS that lets nobody in without." placeholder:"FILE"`
}

// OutputFlags say where the built site is.
type OutputFlags struct {
	Output string `help:"Folder with the built site, from the frontend's folder (default: as is detected, else public)." placeholder:"FOLDER"`
}

// CheckFlags set the guards of the deploy.
type CheckFlags struct {
	Index       string   `help:"The page that a site must have, or \"none\"." default:"index.html"`
	MaxVanished *float64 `help:"Share of the live release's pages, 0 to 1, that may be missing (default: by the site's size)." placeholder:"SHARE"`
	Allow       []string `help:"Checks that may fail this once, by name." placeholder:"CHECK"`
}

// DeployFlags say where the site goes.
type DeployFlags struct {
	To       string `help:"Where the site goes: file:///folder or s3://bucket/prefix." placeholder:"URL"`
	Endpoint string `help:"Address of an S3 store that is not AWS. Or set PRESSRUN_S3_ENDPOINT." placeholder:"URL"`
	Region   string `help:"Region of the bucket." placeholder:"NAME"`
	State    string `help:"Another s3:// address for the deploy's state, so that a public bucket holds the site alone." placeholder:"URL"`
	Rules    string `help:"JSON file with rules of headers and compression, from the frontend's folder." placeholder:"FILE"`
	// RedirectStore is a CloudFront KeyValueStore.
	RedirectStore string `help:"ARN of a CloudFront KeyValueStore that keeps the redirects too, for the function of pressrun cdn function; \"none\" when releases before did and this one is not to." placeholder:"ARN"`
	Commit        string `help:"The frontend's commit, recorded with the release (default: asked of git)." placeholder:"ID"`
	Plan          string `help:"File of pressrun plan --shards whose shards were sent: the step deploy puts that in place instead of a build." placeholder:"FILE"`
	DryRun        bool   `help:"Say what the deploy would change, and change nothing."`
}

// CDNFlags say which CDN is in front of the site, and how it is purged.
type CDNFlags struct {
	CDN           string        `name:"cdn" help:"CDN before the site: cloudfront:DISTRIBUTION, fastly:SERVICE, cloudflare:ZONE, varnish:http://SERVER:6081[,...] or webhook:URL." placeholder:"KIND:NAME"`
	CDNTags       bool          `name:"cdn-tags" help:"The CDN is set up to read cache tags (CloudFront, Cloudflare)."`
	CDNCleanURLs  bool          `name:"cdn-clean-urls" help:"The site shows about.html as /about too: purge both addresses."`
	CDNNotFound   bool          `name:"cdn-not-found-cached" help:"The CDN keeps a \"not found\" for long: purge the addresses of new pages too."`
	CDNSecretFile string        `name:"cdn-secret-file" help:"File with the CDN's token or the webhook's secret. Or set FASTLY_API_TOKEN, CLOUDFLARE_API_TOKEN or PRESSRUN_CDN_WEBHOOK_SECRET." placeholder:"FILE"`
	CDNLimit      time.Duration `name:"cdn-limit" help:"How long to try to purge the CDN. The release is live all the same." default:"15m"`
}

// VerifyFlags say how a run verifies that the site is live.
type VerifyFlags struct {
	PublicURL      string        `name:"public-url" help:"The site's public address. \"Live\" is said once the release has been seen through it." placeholder:"URL"`
	VerifyInterval time.Duration `help:"How often to look." default:"2s"`
	VerifyLimit    time.Duration `help:"How long to look." default:"5m"`
	VerifyPages    int           `help:"How many of the changed pages to look at besides the release's marker. 0 for a CDN that rewrites pages." default:"10"`
}

// MetricsFlags say where the figures go.
type MetricsFlags struct {
	MetricsFile  string        `help:"File for the run's figures, as JSON (default: beside the state file)." placeholder:"FILE"`
	MetricsTo    string        `help:"Where the run's figures go too, with commas between: cloudwatch:NAMESPACE, datadog:SITE, pushgateway:http://SERVER:9091, otlp:https://SERVER:4318. Their secrets are in DD_API_KEY, PRESSRUN_PUSHGATEWAY_PASSWORD, PRESSRUN_OTLP_HEADERS and AWS's own variables." placeholder:"ADDRESSES"`
	MetricsLimit time.Duration `help:"How long to try to send them. What can't be sent fails nothing." default:"20s"`
}
