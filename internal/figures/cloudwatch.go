package figures

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/pressrun/pressrun/internal/awscredentials"
	"github.com/pressrun/pressrun/internal/pattern"
)

// namespace is a namespace of CloudWatch; those that begin with AWS/ are reserved
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html).
var namespace = pattern.Of(`^[A-Za-z0-9._/#-]{1,255}$`)

func checkCloudWatch(rest string) error {
	if !namespace().MatchString(rest) || strings.HasPrefix(rest, "AWS/") {
		return errors.New("names no namespace; expected letters, digits and ._/#-, and not AWS/ at its beginning, such as cloudwatch:Pressrun")
	}
	return nil
}

// cloudWatch calls PutMetricData. Its credentials and region are AWS's own settings.
type cloudWatch struct {
	namespace string
	client    *cloudwatch.Client
}

func openCloudWatch(ctx context.Context, t target) (sender, error) {
	loaded, err := awscredentials.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("read AWS's settings: %w", err)
	}
	if loaded.Region == "" {
		return nil, errors.New("no region is set; expected AWS_REGION in the environment")
	}
	return cloudWatch{t.rest, cloudwatch.NewFromConfig(loaded)}, nil
}

var cloudWatchUnits = map[Unit]types.StandardUnit{
	Seconds: types.StandardUnitSeconds, Instant: types.StandardUnitSeconds, Bytes: types.StandardUnitBytes, Count: types.StandardUnitCount,
}

// mostData is how many figures one call accepts.
const mostData = 1000

func (c cloudWatch) send(ctx context.Context, s Set) error {
	in := &cloudwatch.PutMetricDataInput{Namespace: aws.String(c.namespace)}
	for _, f := range s.Figures[:min(len(s.Figures), mostData)] {
		datum := types.MetricDatum{
			MetricName: aws.String(f.camel()), Timestamp: aws.Time(s.At), Unit: cloudWatchUnits[f.Unit], Value: aws.Float64(f.Value),
		}
		for _, l := range append([]label{{"site", s.Site}}, s.labels(f)...) {
			if l.value != "" { // a dimension is not empty
				datum.Dimensions = append(datum.Dimensions, types.Dimension{Name: aws.String(strings.ToUpper(l.name[:1]) + l.name[1:]), Value: aws.String(l.value)})
			}
		}
		in.MetricData = append(in.MetricData, datum)
	}
	_, err := c.client.PutMetricData(ctx, in)
	return awscredentials.Error(err)
}
