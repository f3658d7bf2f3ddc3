'use strict';

// The page: what is in view, the controls, and how it follows runs that go on.

const DATA = JSON.parse(document.getElementById('data').textContent);
const POLL_MILLIS = 2000;

/** Runs as they came, with a colour and a label each; those of a comparison share their group's. */
function prepare(runs, groups) {
  const ambiguous = run => runs.filter(other => other.name === run.name).length > 1;
  const nameOf = run => (ambiguous(run) ? run.folder : run.name);
  const groupOf = i => groups?.findIndex(group => group.runs.includes(i)) ?? -1;
  return runs.map((run, i) => ({
    ...run,
    name: nameOf(run),
    label: runs.length > 1 ? nameOf(run) : '',
    colour: runColour(groups ? groupOf(i) : i),
    link: run.link ? run.link.split('/').map(encodeURIComponent).join('/') : null,
  }));
}

class View {
  constructor() {
    this.axis = 'step';
    this.weight = 0;
    this.smoothsByItself = true;
    this.log = false;
    this.zoom = null;
    this.hidden = new Set();
    this.page = document.getElementById('page');
  }

  /** Takes in runs as they are now, and shows them. */
  take(runs, groups) {
    const units = new Set(runs.map(run => run.unit));
    const unit = units.size === 1 ? runs[0].unit : 'position'; // words and pictures have only steps in common
    const fresh = !this.raw || this.raw.length !== runs.length || this.unit !== unit;
    this.raw = runs;
    this.rawGroups = groups;
    this.unit = unit;
    this.runs = prepare(runs, groups);
    this.groups = groups?.map((group, i) => ({ name: group.name, summary: group.summary, colour: runColour(i), runs: group.runs.map(at => this.runs[at]) }));
    if (this.smoothsByItself) this.weight = gentleWeight(this.runs);
    this.shown = this.runs.filter(run => !this.hidden.has(this.groupName(run) ?? run.name));
    this.shownGroups = this.groups?.filter(group => !this.hidden.has(group.name));
    if (fresh) this.build();
    this.draw();
  }

  /** The part of the axis that the runs in sight cover. */
  extent() {
    const xs = this.shown.flatMap(run => run.train[this.axis]).filter(known);
    return [xs.reduce((a, b) => Math.min(a, b), Infinity), xs.reduce((a, b) => Math.max(a, b), -Infinity)];
  }

  groupName(run) {
    return this.groups?.find(group => group.runs.includes(run))?.name;
  }

  again() {
    this.take(this.raw, this.rawGroups);
  }

  toggle(name) {
    if (!this.hidden.delete(name)) this.hidden.add(name);
    this.again();
  }

  build() {
    charts.clear();
    this.panels = chartPanels(this);
    this.layers = new Layers(this);
    this.head = element('div', {});
    this.foot = element('div', {});
    this.pair = element('div', { class: 'charts' }, this.panels.map(panel => panel.card));
    this.page.replaceChildren(this.head, this.controls(), this.pair, this.layers.card, this.foot);
  }

  draw() {
    this.head.replaceChildren(...this.heading());
    this.showWeight();
    this.panels.forEach(panel => panel.draw());
    this.layers.draw();
    this.axes.forEach(button => {
      button.disabled = !hasAxis(this.runs, button.value);
      button.title = button.disabled ? (button.value === 'flops' ? 'Operations are counted for networks of matrices only, and not by earlier versions.' : 'The metrics of an earlier version do not tell.') : '';
      button.setAttribute('aria-pressed', String(button.value === this.axis));
    });
    this.drawFoot();
  }

  /** What is below the charts changes seldom: where it is the same it stays, and stays open. */
  drawFoot() {
    const key = JSON.stringify(this.runs.map(run => [run.name, run.colour, run.settings, run.notes, run.tags, run.sample, run.masks, run.starts, run.end]));
    if (key === this.footKey) return;
    this.footKey = key;
    this.foot.replaceChildren(
      ...[
        this.groups ? runTable(this) : null,
        ...settingTables(this),
        masks(this),
        texts(this, 'What the model writes', 'sample', this.runs.length > 1),
        provenance(this),
        texts(this, 'Configuration', 'configuration', true),
        element('footer', {}, `Losses are ${this.unit === 'position' ? 'the network’s own' : `nats a ${this.unit}`}; sparsity is the fraction of weights that are zero by the mask. ${DATA.made ? `Made ${DATA.made} by Filigree` : 'Filigree'}; charts by uPlot (MIT).`),
      ].filter(Boolean),
    );
  }

  heading() {
    const one = this.runs.length === 1 ? this.runs[0] : null;
    const title = one ? one.name : this.groups ? document.title.replace(/ · Filigree$/, '') : `${this.runs.length} runs`;
    const under = one ? [newest(one).execution ?? one.end.execution, newest(one).device ?? one.end.device].filter(Boolean).join(' on ') : this.groups ? `${this.groups.length} methods compared` : '';
    this.status ??= element('span', { class: 'status' });
    return [
      element('header', {}, element('h1', {}, title), one ? stateMark(one) : null, one ? one.tags.map(tag => element('span', { class: 'tag' }, tag)) : null, element('p', {}, under), this.status),
      ...this.runs.map(run => (one ? progress(run) : null)),
      ...this.runs.flatMap(run => run.remarks.map(text => element('p', { class: 'note' }, one ? text : `${run.name}: ${text}`))),
      one && one.state === 'stopped' ? element('p', { class: 'note' }, 'The run has not ended, or was killed: this is what it left so far.') : null,
      ...this.runs.filter(run => run.rows_per_value > 1).map(run => element('p', { class: 'note' }, `${run.name}: each point is the mean of ${run.rows_per_value} rows.`)),
      ...this.runs.filter(run => run.notes).map(run => element('section', { class: 'card notes' }, one ? null : element('h3', {}, run.name), element('p', {}, run.notes))),
      one ? tiles(one) : null,
      this.groups ? groupTable(this) : null,
      this.groups ? comparedHow(DATA.equal) : null,
      one || this.groups ? null : runTable(this),
    ].filter(Boolean);
  }

  controls() {
    this.axes = Object.entries(AXES).map(([name, axis]) => element('button', { type: 'button', value: name, onclick: () => { this.axis = name; this.zoomed(false); this.zoom = null; this.again(); } }, axis.button(this.unit)));
    this.slider = element('input', { type: 'range', min: '0', max: '0.99', step: '0.01', 'aria-label': 'smoothing', oninput: () => this.smooth(Number(this.slider.value)) });
    this.weightShown = element('output', {});
    const log = element('input', { type: 'checkbox', checked: this.log, onchange: () => { this.log = log.checked; this.panels.forEach(panel => panel.draw()); } });
    this.whole = element('button', { type: 'button', class: 'whole', hidden: true, onclick: () => zoomTo(this, null) }, 'whole run');
    return element(
      'nav',
      { class: 'controls', 'aria-label': 'charts' },
      element('span', { class: 'segments', role: 'group', 'aria-label': 'axis' }, this.axes),
      element('label', {}, 'smoothing', this.slider, this.weightShown),
      element('label', {}, log, 'log axis'),
      this.whole,
      element('span', { class: 'hint' }, 'drag to zoom, double-click for all'),
    );
  }

  /** The reader's own smoothing; until then it is that of the length of the runs. */
  smooth(weight) {
    this.smoothsByItself = false;
    this.weight = weight;
    this.showWeight();
    this.panels.forEach(panel => panel.draw());
  }

  showWeight() {
    this.slider.value = String(this.weight);
    this.weightShown.textContent = this.weight.toFixed(2);
  }

  zoomed(is) {
    if (this.whole) this.whole.hidden = !is;
  }

  say(text) {
    if (this.status) this.status.textContent = text;
  }
}

const view = new View();

/** Asks the server for the runs, over and over; what has not changed is not drawn again. */
async function follow(names) {
  const runs = new Array(names.length);
  const seen = new Array(names.length);
  for (;;) {
    try {
      let changed = false;
      for (let i = 0; i < names.length; i++) {
        const answer = await fetch(`run/${i}`, { cache: 'no-cache' });
        if (!answer.ok) throw new Error(await answer.text());
        const tag = answer.headers.get('ETag');
        if (tag !== seen[i]) {
          runs[i] = await answer.json();
          seen[i] = tag;
          changed = true;
        }
      }
      if (changed) view.take(runs);
      view.say('');
    } catch (e) {
      view.say(e instanceof TypeError ? 'The server does not answer any more.' : e.message);
    }
    await new Promise(resolve => setTimeout(resolve, POLL_MILLIS));
  }
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  charts.forEach(chart => chart.recolour());
  if (view.raw) view.again();
});

if (DATA.live) follow(DATA.live);
else view.take(DATA.runs, DATA.groups);
