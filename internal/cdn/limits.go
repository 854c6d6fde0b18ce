package cdn

// Limits are what a CDN takes in one release, and what it asks for it.
type Limits struct {
	// Tags is how many cache tags a purge may name; 0 when the CDN knows none or
	// is not set up for them.
	Tags int
	// TagHeader is the stored header (or object metadata) that carries them, in
	// lower case.
	TagHeader string
	Paths     int // single addresses
	Prefixes  int // starts of addresses; 0 when the CDN knows none
	// Unsafe are characters that no single address may have, in browsers' writing: such
	// an address is reached by a prefix that ends before the first of them.
	Unsafe string
	// AnyPrefix tells that a prefix may end anywhere ("/news/a*"), not only
	// after a folder's slash.
	AnyPrefix bool
	// Everything tells that the CDN can forget all of a site at once.
	Everything bool
	Prices     Prices
}

// Prices are in US dollars.
type Prices struct {
	Unit float64 // for each tag, path, prefix or everything
	// Free units a month belong to the whole account: they are told, and not
	// taken off an estimate, since nobody knows who else uses them.
	Free int
	// Refetch is what it is taken to cost that a cached object is dropped which
	// is still right: the origin's work and one slow answer at each edge. It is
	// a weight and no bill. Zero is [DefaultRefetch].
	Refetch float64
}

// DefaultRefetch makes fifty warm objects worth as much as one unit of
// CloudFront's: a folder of forty pages is dropped whole rather than two pages
// one by one, and a site of thousands is not dropped for thirty pages.
const DefaultRefetch = 0.0001

func (p Prices) refetch() float64 {
	if p.Refetch > 0 {
		return p.Refetch
	}
	return DefaultRefetch
}

// unit is never nothing: of two sets that cost no money the shorter is better.
func (p Prices) unit() float64 { return max(p.Unit, 1e-6) }
