package tables

import (
	"os"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/parquet-go/parquet-go"
)

const (
	// Aggregates are the values of all families of aggregates.
	Aggregates = "analytics.aggregates"
	// AggregatesFolder holds them as one table, below a folder for each family.
	AggregatesFolder = Aggregates + parquetSuffix
)

// Family is that of a dataset of aggregates; empty for any other dataset.
func Family(dataset string) string {
	family, begins := strings.CutPrefix(dataset, "analytics.")
	family, ends := strings.CutSuffix(family, ".aggregates")
	if !begins || !ends {
		return ""
	}
	return family
}

// dimensions are those by which any family is asked for; a value has the ones
// of its own.
var dimensions = of(text, "mediaType", "direction", "queueId", "userId", "wrapUpCode",
	"flowId", "flowType", "flowVersion", "flowMilestoneId", "flowOutcomeId", "divisionId",
	"evaluatorId", "formId", "surveyFormId", "surveyStatus", "categoryId", "topicId",
	"journeyActionMapId", "journeyOutcomeId", "journeySegmentId", "journeySessionType",
	"botId", "botIntent", "botResult", "knowledgeBaseId", "queryType",
	"workbinId", "typeId", "statusId", "actionId", "integrationId", "responseStatus", "errorType",
	"agentAssistantId", "suggestionType", "triggerSourceType", "agentId", "toolType",
	"caseplanId", "stageId", "ownerId", "status", "namespace", "limitName")

// DimensionNames are the dimensions of aggregates that have columns.
func DimensionNames() []string { return names(dimensions) }

// StatisticalSummary
var statistics = slices.Concat(
	of(whole, "count"),
	of(number, "sum", "min", "max", "current", "ratio", "numerator", "denominator", "target"),
	of(whole, "countNegative", "countPositive", "p95", "p99", "calculatedMetricValue"),
)

// What a value has from the records above it, in the order of its columns.
var (
	// A result: its group as it was sent, and the dimensions in it.
	valueOf = slices.Concat(of(text, "family"), of(raw, "group"))
	// An element of a result's data.
	valueAt = of(instant, "intervalStart", "intervalEnd")
	// AggregateMetricData, but for its statistics
	valueName = of(text, "metric", "qualifier")

	aggregate = slices.Concat(valueOf, dimensions, valueAt, valueName, statistics)
)

// aggregates is the table of a family's values.
type aggregates struct {
	*tableFile
	family                    parquet.Value
	group, metric, statistics *picker
	row                       parquet.Row
}

// NewAggregates writes the values of a family: a row for each metric of each
// interval of each group.
func NewAggregates(spool func() (*os.File, error), family string) (*Parquet, error) {
	p := &Parquet{}
	file, err := p.open(spool, family, aggregate)
	if err != nil {
		return nil, err
	}
	afterGroup := len(valueOf) + len(dimensions)
	afterInterval := afterGroup + len(valueAt)
	a := &aggregates{
		tableFile: file, family: parquet.ByteArrayValue([]byte(family)).Level(0, 1, 0),
		group:      newPicker(dimensions, len(valueOf)),
		metric:     newPicker(valueName, afterInterval),
		statistics: newPicker(statistics, afterInterval+len(valueName)),
	}
	p.write = a.result
	return p, nil
}

// result writes the values of one group.
func (a *aggregates) result(record jsontext.Value) (err error) {
	var group, data jsontext.Value
	members(record, func(name string, value jsontext.Value) {
		switch name {
		case "group":
			group = value
		case "data":
			data = value
		}
	})
	a.row = appendColumn(append(a.row[:0], a.family), 1, raw, group)
	a.row = a.group.append(a.row, group, drop)
	n := len(a.row)
	elements(data, func(element jsontext.Value) {
		if err == nil {
			a.row = a.row[:n]
			err = a.interval(element)
		}
	})
	return err
}

// interval writes the values of one interval, for the group that the row holds.
func (a *aggregates) interval(element jsontext.Value) (err error) {
	var interval, metrics jsontext.Value
	members(element, func(name string, value jsontext.Value) {
		switch name {
		case "interval":
			interval = value
		case "metrics":
			metrics = value
		}
	})
	var bounds [2]parquet.Value
	if interval.Kind() == '"' {
		start, end, _ := strings.Cut(unquoted(interval), "/")
		bounds = [2]parquet.Value{moment(start), moment(end)}
	}
	for _, bound := range bounds {
		a.row = appendScalar(a.row, len(a.row), bound)
	}
	n := len(a.row)
	elements(metrics, func(element jsontext.Value) {
		if err != nil {
			return
		}
		var stats jsontext.Value
		a.row = a.metric.append(a.row[:n], element, func(name string, value jsontext.Value) {
			if name == "stats" {
				stats = value
			}
		})
		a.row = a.statistics.append(a.row, stats, drop)
		err = a.add(a.row)
	})
	return err
}

// drop is for members that are in no column, and in the record still.
func drop(string, jsontext.Value) {}
