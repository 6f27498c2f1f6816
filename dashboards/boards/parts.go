// Package boards makes the Grafana dashboards that are published beside it as JSON. They are written with Grafana's own
// types, so that an option that no panel has, or a value that it doesn't take, is a mistake of the compiler's to find.
package boards

import (
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/barchart"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/statetimeline"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// Board is a dashboard in the format that every Grafana imports and provisions from a file.
type Board = dashboard.Dashboard //nolint:staticcheck // the newer format is for the resource API alone

// All lists the boards by the names of their files.
func All() map[string]Board {
	return map[string]Board{"regiondrill.json": Recovery(), "regiondrill-live.json": Live(),
		"regiondrill-months.json": Months()}
}

// source is the Prometheus that whoever looks has chosen.
var source = common.DataSourceRef{Type: cog.ToPtr("prometheus"), Uid: cog.ToPtr("${datasource}")}

// board is a dashboard without panels.
func board(uid, title, about, since, refresh string) Board {
	b := *dashboard.NewDashboard()
	b.Uid, b.Title, b.Description = &uid, &title, &about
	b.Tags, b.Timezone, b.Refresh = []string{"regiondrill"}, cog.ToPtr("utc"), &refresh
	b.Version = cog.ToPtr(uint32(2))
	b.GraphTooltip = cog.ToPtr(dashboard.DashboardCursorSyncCrosshair)
	b.Time = &dashboard.DashboardDashboardTime{From: since, To: "now"}
	return b
}

// linkTo is a link from one board to another, for the same time where that is worth looking at.
func linkTo(uid, title string) dashboard.DashboardLink {
	return dashboard.DashboardLink{Title: title, Type: dashboard.DashboardLinkTypeLink, Icon: "dashboard",
		Url: cog.ToPtr("/d/" + uid), Tags: []string{}}
}

// place is where a panel stands on the grid of 24 columns.
func place(x, y, w, h uint32) *dashboard.GridPos { return &dashboard.GridPos{X: x, Y: y, W: w, H: h} }

// panel is one that asks Prometheus.
func panel(kind string, id uint32, at *dashboard.GridPos, title, about string,
	queries ...variants.Dataquery) dashboard.Panel {
	p := *dashboard.NewPanel()
	p.Type, p.Id, p.GridPos, p.Title, p.Description = kind, &id, at, &title, &about
	p.RepeatDirection, p.Transparent = nil, nil
	p.Datasource, p.Targets = &source, queries
	p.FieldConfig = dashboard.NewFieldConfigSource()
	return p
}

// panels puts them into a dashboard.
func panels(all ...dashboard.Panel) []dashboard.PanelOrRowPanel {
	var list []dashboard.PanelOrRowPanel
	for i := range all {
		list = append(list, dashboard.PanelOrRowPanel{Panel: &all[i]})
	}
	return list
}

// curve asks for a value over time.
func curve(ref, expr, legend string) variants.Dataquery {
	q := prometheus.NewDataquery()
	q.RefId, q.Expr, q.LegendFormat, q.Datasource = &ref, expr, &legend, &source
	q.EditorMode, q.Range, q.Instant = cog.ToPtr(prometheus.QueryEditorModeCode), cog.ToPtr(true), cog.ToPtr(false)
	return *q
}

// latest asks for a value as it is now: the last step of a long curve may be hours old.
func latest(expr, legend string) variants.Dataquery {
	q := curve("A", expr, legend).(prometheus.Dataquery)
	q.Range, q.Instant = cog.ToPtr(false), cog.ToPtr(true)
	return q
}

// cells asks for the values of a table's column, with their labels as columns.
func cells(ref, expr string) variants.Dataquery {
	q := prometheus.NewDataquery()
	q.RefId, q.Expr, q.Datasource = &ref, expr, &source
	q.Format = cog.ToPtr(prometheus.PromQueryFormatTable)
	q.EditorMode, q.Range, q.Instant = cog.ToPtr(prometheus.QueryEditorModeCode), cog.ToPtr(false), cog.ToPtr(true)
	return *q
}

// mapped shows numbers as words.
type mapped map[string][2]string // text and colour, by the number

func (m mapped) mapping() dashboard.ValueMapping {
	v := dashboard.NewValueMap()
	v.Options = map[string]dashboard.ValueMappingResult{}
	for number, shown := range m {
		v.Options[number] = dashboard.ValueMappingResult{Text: &shown[0], Color: &shown[1]}
	}
	return dashboard.ValueMapping{ValueMap: v}
}

// between shows every number of a range as a word.
func between(from, to float64, text, colour string) dashboard.ValueMapping {
	r := dashboard.NewRangeMap()
	r.Options = dashboard.DashboardRangeMapOptions{From: &from, To: &to,
		Result: dashboard.ValueMappingResult{Text: &text, Color: &colour}}
	return dashboard.ValueMapping{RangeMap: r}
}

// matching shows every text of a pattern as another.
func matching(pattern, text, colour string) dashboard.ValueMapping {
	r := dashboard.NewRegexMap()
	r.Options = dashboard.DashboardRegexMapOptions{Pattern: pattern,
		Result: dashboard.ValueMappingResult{Text: &text, Color: &colour}}
	return dashboard.ValueMapping{RegexMap: r}
}

// step is where a colour begins.
type step struct {
	from   float64
	colour string
}

// colours paints by the value: first holds below all steps.
func colours(first string, steps ...step) *dashboard.ThresholdsConfig {
	t := &dashboard.ThresholdsConfig{Mode: dashboard.ThresholdsModeAbsolute,
		Steps: []dashboard.Threshold{{Color: first}}}
	for _, s := range steps {
		t.Steps = append(t.Steps, dashboard.Threshold{Value: &s.from, Color: s.colour})
	}
	return t
}

// override changes how some fields are shown.
func override(matcher, what string, properties ...dashboard.DynamicConfigValue,
) dashboard.DashboardFieldConfigSourceOverrides {
	return dashboard.DashboardFieldConfigSourceOverrides{
		Matcher: dashboard.MatcherConfig{Id: matcher, Options: what}, Properties: properties}
}

func property(id string, value any) dashboard.DynamicConfigValue {
	return dashboard.DynamicConfigValue{Id: id, Value: value}
}

// paint is the colour of a field.
type paint struct{ name, colour string }

func painted(p dashboard.Panel, all ...paint) dashboard.Panel {
	for _, one := range all {
		p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, override("byName", one.name, property("color",
			dashboard.FieldColor{Mode: dashboard.FieldColorModeIdFixed, FixedColor: &one.colour})))
	}
	return p
}

// big shows one number or word for each series.
func big(p dashboard.Panel, text common.BigValueTextMode) dashboard.Panel {
	o := stat.NewOptions()
	o.ReduceOptions = common.ReduceDataOptions{Calcs: []string{"lastNotNull"}, Values: cog.ToPtr(false)}
	o.TextMode, o.ColorMode, o.GraphMode = text, common.BigValueColorModeBackground, common.BigValueGraphModeNone
	p.Options = *o
	return p
}

// lines shows curves of seconds or shares. What was pushed holds until the next push, so they go in steps.
func lines(p dashboard.Panel, unit string) dashboard.Panel {
	o := timeseries.NewOptions()
	o.Legend = common.VizLegendOptions{DisplayMode: common.LegendDisplayModeTable, Placement: common.LegendPlacementBottom,
		ShowLegend: true, Calcs: []string{"lastNotNull"}}
	o.Tooltip = common.VizTooltipOptions{Mode: common.TooltipDisplayModeMulti, Sort: common.SortOrderDescending}
	p.Options = *o
	p.FieldConfig.Defaults.Unit, p.FieldConfig.Defaults.Min = &unit, cog.ToPtr(0.0)
	p.FieldConfig.Defaults.Custom = timeseries.FieldConfig{
		DrawStyle: cog.ToPtr(common.GraphDrawStyleLine), LineInterpolation: cog.ToPtr(common.LineInterpolationStepAfter),
		LineWidth: cog.ToPtr(2.0), FillOpacity: cog.ToPtr(0.0), ShowPoints: cog.ToPtr(common.VisibilityModeNever),
		SpanNulls: &common.BoolOrFloat64{Bool: cog.ToPtr(false)},
	}
	return p
}

// stacked fills curves that add up.
func stacked(p dashboard.Panel, unit string) dashboard.Panel {
	p = lines(p, unit)
	custom := p.FieldConfig.Defaults.Custom.(timeseries.FieldConfig)
	custom.FillOpacity, custom.LineWidth = cog.ToPtr(60.0), cog.ToPtr(1.0)
	custom.Stacking = &common.StackingConfig{Mode: cog.ToPtr(common.StackingModeNormal), Group: cog.ToPtr("A")}
	p.FieldConfig.Defaults.Custom = custom
	return p
}

// bands shows states over time.
func bands(p dashboard.Panel, states mapped) dashboard.Panel {
	o := statetimeline.NewOptions()
	o.ShowValue, o.RowHeight, o.MergeValues = common.VisibilityModeNever, 0.8, cog.ToPtr(true)
	o.Legend = common.VizLegendOptions{DisplayMode: common.LegendDisplayModeList, Placement: common.LegendPlacementBottom,
		ShowLegend: true, Calcs: []string{}}
	o.Tooltip = common.VizTooltipOptions{Mode: common.TooltipDisplayModeSingle, Sort: common.SortOrderNone}
	p.Options = *o
	p.FieldConfig.Defaults.Mappings = []dashboard.ValueMapping{states.mapping()}
	p.FieldConfig.Defaults.Custom = statetimeline.FieldConfig{FillOpacity: cog.ToPtr(uint32(80)),
		LineWidth: cog.ToPtr(uint32(0))}
	return p
}

// stackedBars shows a bar a row of parts that add up.
func stackedBars(p dashboard.Panel) dashboard.Panel {
	o := barchart.NewOptions()
	o.Orientation, o.Stacking = common.VizOrientationVertical, common.StackingModeNormal
	o.ShowValue, o.XTickLabelRotation, o.XTickLabelMaxLength = common.VisibilityModeNever, -45, 32
	o.Legend = common.VizLegendOptions{DisplayMode: common.LegendDisplayModeList, Placement: common.LegendPlacementBottom,
		ShowLegend: true, Calcs: []string{}}
	o.Tooltip = common.VizTooltipOptions{Mode: common.TooltipDisplayModeMulti, Sort: common.SortOrderNone}
	p.Options = *o
	p.FieldConfig.Defaults.Unit = cog.ToPtr("s")
	p.FieldConfig.Defaults.Custom = barchart.FieldConfig{FillOpacity: cog.ToPtr(int32(85)), LineWidth: cog.ToPtr(int32(0))}
	return p
}

// column is one of a table: a label, or the value of the query with that letter.
type column struct {
	from, name string
	properties []dashboard.DynamicConfigValue
}

// rows shows queries side by side: rows of the same labels become one, in columns of that order, and whatever is not
// among them is left out.
func rows(p dashboard.Panel, by string, columns ...column) dashboard.Panel {
	o := table.NewOptions()
	o.SortBy = []common.TableSortByFieldState{{DisplayName: by, Desc: cog.ToPtr(true)}}
	o.Footer = nil
	p.Options = *o
	order, named, kept := map[string]int{}, map[string]string{}, []string{}
	for i, c := range columns {
		order[c.from], named[c.from] = i, c.name
		kept = append(kept, c.name)
		if len(c.properties) > 0 {
			p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, override("byName", c.name, c.properties...))
		}
	}
	p.Transformations = []dashboard.DataTransformerConfig{
		{Id: "merge", Options: map[string]any{}},
		{Id: "organize", Options: map[string]any{"indexByName": order, "renameByName": named,
			"excludeByName": map[string]bool{}}},
		{Id: "filterFieldsByName", Options: map[string]any{"include": map[string]any{"names": kept}}},
	}
	return p
}

// variables are the data source and what is asked of it.
func variables(more ...dashboard.VariableModel) dashboard.DashboardDashboardTemplating {
	v := *dashboard.NewVariableModel()
	v.Type, v.Name, v.Label = dashboard.VariableTypeDatasource, "datasource", cog.ToPtr("Data source")
	v.Query = &dashboard.StringOrMap{String: cog.ToPtr("prometheus")}
	v.SkipUrlSync = nil
	return dashboard.DashboardDashboardTemplating{List: append([]dashboard.VariableModel{v}, more...)}
}

// choice is a variable with the values of a label.
func choice(name, series string) dashboard.VariableModel {
	v := *dashboard.NewVariableModel()
	definition := "label_values(" + series + ", " + name + ")"
	v.Type, v.Name = dashboard.VariableTypeQuery, name
	v.Label = cog.ToPtr(strings.ToUpper(name[:1]) + name[1:])
	v.Datasource, v.Definition, v.SkipUrlSync = &source, &definition, nil
	v.Query = &dashboard.StringOrMap{Map: map[string]any{"query": definition, "refId": name}}
	v.Refresh = cog.ToPtr(dashboard.VariableRefreshOnTimeRangeChanged)
	v.Multi, v.IncludeAll, v.AllValue = cog.ToPtr(true), cog.ToPtr(true), cog.ToPtr(".*")
	v.Sort = cog.ToPtr(dashboard.VariableSortAlphabeticalAsc)
	v.Current = &dashboard.VariableOption{
		Text:  dashboard.StringOrArrayOfString{ArrayOfString: []string{"All"}},
		Value: dashboard.StringOrArrayOfString{ArrayOfString: []string{"$__all"}}}
	return v
}
