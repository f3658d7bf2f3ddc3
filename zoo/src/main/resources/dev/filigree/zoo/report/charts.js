'use strict';

// A line chart on a card: uPlot with the page's axes, marks, legend and shared zoom.

const charts = new Set();
const SYNC = uPlot.sync('runs');

/** Lays the same part of the axis into every chart; null for all of it. */
function zoomTo(view, range) {
  view.zoom = range;
  charts.forEach(chart => chart.rescale());
  view.zoomed(range !== null);
}

class Chart {
  /**
   * @param options title, unit of the y axis, format of its values, height, wide, clip: whether
   *   outliers may lie above the axis, zero: whether the axis begins at 0
   */
  constructor(view, options) {
    this.view = view;
    this.options = options;
    this.legend = element('div', { class: 'legend' });
    this.remark = element('p', { class: 'remark' });
    this.host = element('div', { class: 'plot' });
    this.card = element(
      'section',
      { class: options.wide ? 'card chart wide' : 'card chart' },
      element('div', { class: 'head' }, element('h2', {}, options.title), this.legend),
      this.host,
      this.remark,
    );
    this.resized = new ResizeObserver(() => this.resize());
    this.resized.observe(this.host);
    charts.add(this);
  }

  /** Draws series; the same ones with other values move in place. */
  show(series, marks) {
    this.series = series.filter(line => line.y && line.y.some(known) && line.x.some(known));
    this.marks = marks;
    this.card.hidden = this.series.length === 0;
    if (this.card.hidden) return;
    const shape = JSON.stringify([this.view.axis, this.log(), ...this.series.map(line => [line.name, line.colour, !!line.low])]);
    const data = this.joined();
    if (this.plot && shape === this.shape) {
      this.plot.setData(data);
    } else {
      this.draw(data);
      this.shape = shape;
    }
    this.showValues(null);
  }

  log() {
    return this.options.log !== false && this.view.log;
  }

  /** One x for all series, as uPlot wants it; a band has its two edges before its line. */
  joined() {
    this.columns = this.series.flatMap((line, index) => [
      ...(line.low ? [{ line, index, values: line.high, edge: true }, { line, index, values: line.low, edge: true }] : []),
      { line, index, values: line.y },
    ]);
    const usable = value => known(value) && (!this.log() || value > 0);
    const tables = this.columns.map(column => {
      const rows = column.line.x
        .map((x, i) => [x, usable(column.values[i]) ? column.values[i] : null])
        .filter(row => known(row[0]))
        .sort((a, b) => a[0] - b[0])
        .filter((row, i, all) => i === 0 || row[0] !== all[i - 1][0]);
      return [rows.map(row => row[0]), rows.map(row => row[1])];
    });
    const data = tables.length > 1 ? uPlot.join(tables) : tables[0];
    return data;
  }

  draw(data) {
    this.plot?.destroy();
    const axis = AXES[this.view.axis];
    const bands = this.columns.flatMap((column, i) =>
      column.edge && this.columns[i + 1]?.edge && column.values === column.line.high
        ? [{ series: [i + 1, i + 2], fill: `color-mix(in srgb, ${column.line.colour} 14%, transparent)` }]
        : []);
    this.plot = new uPlot(
      {
        ...this.size(),
        legend: { show: false },
        padding: [10, 28, 0, 0],
        cursor: {
          sync: { key: SYNC.key, setSeries: false },
          drag: { x: true, y: false, setScale: false },
          points: { size: 7 },
          dataIdx: (plot, series, index) => nearest(plot.data[series], index),
          bind: { dblclick: () => () => zoomTo(this.view, null) },
        },
        scales: {
          x: { time: false, range: () => this.across() },
          y: { distr: this.log() ? 3 : 1, range: (plot, low, high) => this.upward(plot, low, high) },
        },
        series: [{}, ...this.columns.map(column => this.look(column))],
        bands,
        axes: [this.xAxis(axis), this.yAxis()],
        hooks: {
          drawClear: [plot => this.drawMarks(plot)],
          setSelect: [plot => this.selected(plot)],
          setCursor: [plot => this.showValues(plot.cursor.left >= 0 ? plot.cursor : null)],
        },
      },
      data,
      this.host,
    );
  }

  look({ line, edge }) {
    const few = line.y.length <= 60;
    return {
      stroke: edge ? 'transparent' : line.faint ? `color-mix(in srgb, ${line.colour} 28%, transparent)` : line.colour,
      width: edge ? 0 : line.faint ? 1 : 1.8,
      dash: line.dash,
      spanGaps: true,
      points: { show: !edge && !line.faint && (line.points ? few : line.y.length === 1), size: 5, fill: line.colour },
    };
  }

  xAxis(axis) {
    return {
      ...ink(),
      label: axis.title(this.view.unit),
      size: 26,
      gap: 4,
      space: 64,
      incrs: this.view.axis === 'seconds' ? [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400, 172800, 604800] : undefined,
      values: (plot, splits) => splits.map(value => axis.format(value)),
      grid: { show: false },
    };
  }

  yAxis() {
    return {
      ...ink(),
      label: this.options.unit,
      size: 44,
      gap: 4,
      space: 34,
      ...(this.log() ? { splits: (plot, i, low, high) => logTicks(low, high), filter: (plot, splits) => splits } : {}),
      values: (plot, splits) => splits.map(value => this.options.format(value)),
    };
  }

  across() {
    const [low, high] = this.view.zoom ?? this.view.extent();
    return low < high ? [low, high] : [low - 0.5, high + 0.5];
  }

  /** The values in sight and some air; outliers may lie above. */
  upward(plot, low, high) {
    if (!known(low) || !known(high)) return this.log() ? [0.1, 1] : [0, 1];
    const [from, to] = this.across();
    const inSight = (plot.data ?? []).slice(1).flatMap(values => values.filter((value, i) => known(value) && plot.data[0][i] >= from && plot.data[0][i] <= to));
    const top = this.options.clip ? Math.max(low, ceiling(inSight)) : high;
    const above = inSight.filter(value => value > top);
    this.remark.textContent = above.length
      ? `${above.length === 1 ? 'One value lies' : `${above.length} values lie`} above the axis, the greatest is ${this.options.format(Math.max(...above))}.`
      : '';
    if (this.log()) return [low / 1.06, top * 1.06];
    const air = top > low ? 0.06 * (top - low) : Math.max(0.1 * Math.abs(low), 1e-6);
    return [this.options.zero || (low >= 0 && low - air < 0) ? Math.min(0, low) : low - air, top + air];
  }

  selected(plot) {
    if (plot.select.width < 4) return;
    const range = [plot.select.left, plot.select.left + plot.select.width].map(at => plot.posToVal(at, 'x'));
    plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    zoomTo(this.view, range);
  }

  rescale() {
    if (this.plot && !this.card.hidden) this.plot.setData(this.plot.data);
  }

  /** Resumes as dashed lines, mask updates as short strokes on the axis. */
  drawMarks(plot) {
    const { ctx, bbox } = plot;
    const ratio = devicePixelRatio;
    const at = x => plot.valToPos(x, 'x', true);
    const inside = mark => at(mark.x) >= bbox.left && at(mark.x) <= bbox.left + bbox.width;
    ctx.save();
    ctx.lineWidth = ratio;
    for (const mark of this.marks.updates.filter(inside)) {
      const bottom = bbox.top + bbox.height - mark.row * 7 * ratio;
      ctx.strokeStyle = `color-mix(in srgb, ${mark.colour} 55%, transparent)`;
      line(ctx, at(mark.x), bottom, bottom - 6 * ratio);
    }
    ctx.setLineDash([4 * ratio, 4 * ratio]);
    ctx.font = `${10.5 * ratio}px ${FONT}`;
    for (const mark of this.marks.resumes.filter(inside)) {
      ctx.strokeStyle = ctx.fillStyle = colour('soft');
      line(ctx, at(mark.x), bbox.top, bbox.top + bbox.height);
      const right = at(mark.x) < bbox.left + bbox.width - 60 * ratio;
      ctx.textAlign = right ? 'left' : 'right';
      ctx.fillText('resumed', at(mark.x) + (right ? 5 : -5) * ratio, bbox.top + 11 * ratio);
    }
    ctx.restore();
  }

  /** The values under the pointer, else the newest, beside the names. */
  showValues(cursor) {
    const entries = this.columns.flatMap((column, i) => {
      if (column.edge || !column.line.main) return [];
      const values = this.plot.data[i + 1];
      const index = cursor && cursor.idx !== null ? nearest(values, cursor.idx) : lastKnown(values);
      const entry = element(
        'span',
        { class: 'key' },
        element('i', {}),
        column.line.name ? element('span', {}, column.line.name) : null,
        element('b', {}, index === null ? DASH : this.options.format(values[index], true)),
      );
      entry.firstChild.style.background = column.line.colour;
      return [entry];
    });
    const where = cursor && cursor.idx !== null ? this.plot.data[0][cursor.idx] : null;
    const place = where === null ? null : element('span', { class: 'place' }, placeText(this.view, where));
    this.legend.replaceChildren(...entries, ...(place ? [place] : []));
  }

  size() {
    const narrow = innerWidth < 600;
    const height = this.options.wide ? (narrow ? 250 : 330) : narrow ? 180 : 210;
    return { width: Math.max(200, Math.floor(this.host.clientWidth) || 600), height };
  }

  resize() {
    const size = this.size();
    if (this.plot && (size.width !== this.plot.width || size.height !== this.plot.height)) this.plot.setSize(size);
  }

  /** Draws anew in the colours of now. */
  recolour() {
    this.shape = null;
  }
}
