'use strict';

// What became of each layer: a line of its own for each, all on one scale.

const fraction = { format: percent, least: 0 };

/** What can be shown of the layers; a function of a layer gives the values over its updates. */
const LAYER_FIGURES = {
  sparsity: { title: 'sparsity', of: layer => layer.sparsity, target: layer => layer.target_sparsity, ...fraction },
  grown: { title: 'grown', of: layer => shareOf(layer, 'grown'), note: 'of the weights kept', ...fraction },
  dropped: { title: 'dropped', of: layer => shareOf(layer, 'dropped'), note: 'of the weights kept', ...fraction },
  overlap: { title: 'overlap with the first mask', of: layer => layer.overlap, note: 'of the weights kept', ...fraction },
  explored: { title: 'exploration rate', of: layer => layer.explored, note: 'weights that ever existed: R_s', ...fraction },
  age_median: { title: 'median age', of: layer => layer.age_median, note: 'steps since the weights grew', format: whole, least: 0 },
  age_mean: { title: 'mean age', of: layer => layer.age_mean, note: 'steps since the weights grew', format: whole, least: 0 },
  dead_rows: { title: 'dead rows', of: layer => layer.dead_rows, note: 'outputs without a weight', format: whole, least: 0 },
  dead_columns: { title: 'dead columns', of: layer => layer.dead_columns, note: 'inputs without a weight', format: whole, least: 0 },
};

const shareOf = (layer, column) => layer[column].map((value, i) => (layer.kept[i] ? value / layer.kept[i] : null));

/** Names without what all of them share, as far as they stay different: "0 q_proj". */
function shortNames(names) {
  const parts = names.map(name => name.replace(/\.weight$/, '').split('.'));
  const short = parts.map(part => {
    const at = part.findIndex(word => /^\d+$/.test(word));
    return at < 0 ? part.slice(-2).join(' ') : `${part[at]} ${part.length > at + 1 ? last(part) : ''}`.trim();
  });
  return short.map((name, i) =>
    short.filter(other => other === name).length > 1 ? parts[i].join('.') : name);
}

class Layers {
  constructor(view) {
    this.view = view;
    this.figure = null;
    this.rows = element('div', { class: 'layers' });
    this.place = element('span', { class: 'place' });
    this.note = element('small', {});
    this.choice = element('select', { 'aria-label': 'what is shown of the layers', onchange: () => this.choose() });
    this.card = element(
      'section',
      { class: 'card' },
      element('div', { class: 'head' }, element('h2', {}, 'Layers', this.note), element('div', { class: 'legend' }, this.place, this.choice)),
      this.rows,
    );
  }

  choose() {
    this.figure = this.choice.value;
    this.draw();
  }

  draw() {
    const names = [...new Set(this.view.shown.flatMap(run => run.layers.map(layer => layer.parameter)))];
    this.card.hidden = names.length === 0;
    if (this.card.hidden) return;
    const available = Object.keys(LAYER_FIGURES).filter(key =>
      key === 'sparsity' || this.view.shown.some(run => run.layers.some(layer => LAYER_FIGURES[key].of(layer).some(known))));
    if (!available.includes(this.figure)) this.figure = this.chosenFirst(available);
    const shown = this.figure;
    this.choice.replaceChildren(...available.map(key => new Option(LAYER_FIGURES[key].title, key, false, key === shown)));
    const figure = LAYER_FIGURES[this.figure];
    this.note.textContent = figure.note ?? '';
    const short = shortNames(names);
    const [low, high] = this.range(figure);
    this.shown = names.map((name, i) => this.row(name, short[i], figure, low, high));
    this.rows.replaceChildren(...this.shown.map(row => row.element));
    this.showValues(null);
  }

  /** The sparsity where it changes, else what moves. */
  chosenFirst(available) {
    const still = this.view.shown.every(run => run.layers.every(layer => new Set(finite(layer.sparsity)).size < 2));
    return still && available.includes('grown') ? 'grown' : 'sparsity';
  }

  /** One scale for all layers, from 0 to the greatest value. */
  range(figure) {
    const values = this.view.shown.flatMap(run => run.layers.flatMap(layer => finite([...figure.of(layer), ...(figure.target ? [...figure.target(layer), layer.counted] : [])])));
    return [figure.least, Math.max(figure.least + 1e-9, ...values)];
  }

  row(name, short, figure, low, high) {
    const layers = this.view.shown.map(run => ({ run, layer: run.layers.find(layer => layer.parameter === name) })).filter(found => found.layer);
    const lines = layers.map(({ run, layer }) => ({
      run,
      layer,
      x: layer[this.view.axis],
      y: figure.of(layer),
      colour: this.view.runs.length > 1 ? run.colour : runColour(0),
    }));
    const extent = this.extent();
    const value = element('span', { class: 'value' });
    const picture = spark(lines, figure, extent, low, high);
    picture.addEventListener('pointermove', event => {
      const box = picture.getBoundingClientRect();
      this.showValues(extent[0] + ((event.clientX - box.left) / box.width) * (extent[1] - extent[0]));
    });
    picture.addEventListener('pointerleave', () => this.showValues(null));
    const shape = layers[0].layer.shape;
    return {
      lines,
      value,
      figure,
      element: element(
        'div',
        { class: 'layer' },
        element('span', { class: 'name', title: [name, shape].filter(Boolean).join(', ') }, short),
        picture,
        value,
      ),
    };
  }

  extent() {
    const [low, high] = this.view.zoom ?? this.view.extent();
    return low < high ? [low, high] : [0, 1];
  }

  /** The values at a place along the axis, else the newest. */
  showValues(at) {
    this.place.textContent = at === null ? '' : placeText(this.view, Math.round(at));
    for (const row of this.shown) {
      row.value.replaceChildren(...this.valuesOf(row, at));
    }
  }

  /** A value for each colour: the seeds of a method have their mean. */
  valuesOf(row, at) {
    const mean = values => (values.every(known) ? values.reduce((a, b) => a + b, 0) / values.length : null);
    return [...new Set(row.lines.map(found => found.colour))].map(shade => {
      const found = row.lines.filter(line => line.colour === shade).map(line => this.valueOf(line, row.figure, at));
      const value = mean(found.map(pair => pair[0]));
      const target = mean(found.map(pair => pair[1]));
      const off = this.figure === 'sparsity' && known(value) && known(target) && Math.abs(value - target) > 0.005;
      const text = element('b', { class: off ? 'off' : '', title: off ? `target ${percent(target)}` : '' }, row.figure.format(value));
      if (this.view.runs.length > 1) text.style.color = shade;
      return text;
    });
  }

  /** The value and the target of a layer at a place; its end where there is none. */
  valueOf({ layer, x, y }, figure, at) {
    if (at === null && this.figure === 'sparsity') return [layer.counted, layer.target];
    const index = (at === null ? y.length : x.filter(place => known(place) && place <= at).length) - 1;
    return index < 0 ? [null, null] : [y[index], figure.target ? figure.target(layer)[index] : null];
  }
}

/** The lines of a layer in 100 by 100 units, stretched to the width that there is. */
function spark(lines, figure, [from, to], low, high) {
  const svg = svgElement('svg', { viewBox: '0 0 100 100', preserveAspectRatio: 'none', class: 'spark' });
  const place = (x, y) => `${(100 * (x - from) / (to - from)).toFixed(2)} ${(96 - 92 * (y - low) / (high - low)).toFixed(2)}`;
  const path = (x, y) => {
    const points = y.map((value, i) => (known(value) && known(x[i]) ? [x[i], value] : null)).filter(Boolean);
    if (!points.length) return '';
    // A mask stays until its next update.
    return points.map(([a, value], i) => (i === 0 ? `M${place(a, value)}` : `L${place(a, points[i - 1][1])}L${place(a, value)}`)).join('') + `L${place(to, last(points)[1])}`;
  };
  svg.append(svgElement('path', { d: 'M0 96H100', class: 'base' }));
  for (const found of lines) {
    const still = !found.y.some(known) && figure.target && known(found.layer.counted);
    const d = still ? `M${place(from, found.layer.counted)}L${place(to, found.layer.counted)}` : path(found.x, found.y);
    if (figure.target) svg.append(svgElement('path', { d: path(found.x, figure.target(found.layer)), class: 'target' }));
    if (lines.length === 1 && d) {
      const start = d.slice(1).split(' ', 1)[0];
      const fill = svgElement('path', { d: `${d}L100 96L${start} 96Z`, class: 'area' });
      fill.style.fill = found.colour;
      svg.append(fill);
    }
    const drawn = svgElement('path', { d, class: 'line' });
    drawn.style.stroke = found.colour;
    svg.append(drawn);
  }
  return svg;
}

function svgElement(tag, attributes) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
  return made;
}
