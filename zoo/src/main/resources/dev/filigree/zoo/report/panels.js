'use strict';

// Which charts the page has, and what each shows of the runs in view.

/** The charts; each has draw(), which shows the runs as they are now. */
function chartPanels(view) {
  const lossUnit = view.unit === 'position' ? 'loss' : `nats a ${view.unit}`;
  const several = view.runs.length > 1;
  const loss = { unit: lossUnit, format: (value, exact) => (exact ? fixed(value, 4) : significant(value)), wide: true };
  const narrow = (title, unit, format, column, more = {}) => ({
    chart: new Chart(view, { title, unit, format, log: false, ...more }),
    series: () => trainSeries(view, column, more.weight ?? 0),
  });
  const training = () => ({ chart: new Chart(view, { ...loss, title: 'Training loss' }), series: () => trainSeries(view, 'loss', view.weight) });
  const validation = () => ({ chart: new Chart(view, { ...loss, title: 'Validation loss' }), series: () => evalSeries(view, 'loss') });
  const panels = several
    ? view.groups ? [validation(), training()] : [training(), validation()]
    : [{ chart: new Chart(view, { ...loss, title: 'Loss' }), series: () => lossOfOne(view) }];
  panels.push(
    { chart: new Chart(view, { title: 'Accuracy', unit: '%', format: (value, exact) => (exact ? percent(value) : significant(100 * value)), log: false, wide: true }), series: () => evalSeries(view, 'accuracy') },
    narrow('Learning rate', 'learning rate', significant, 'lr'),
    narrow(`${sentence(view.unit)}s a second`, `${view.unit}s / s`, compact, 'speed', { clip: true, zero: true }),
    narrow('Sparsity', '% of the weights', (value, exact) => (exact ? percent(value) : significant(100 * value)), 'sparsity'),
    narrow('Mean density so far', '% of the weights', (value, exact) => (exact ? percent(value) : significant(100 * value)), 'mean_density'),
    {
      chart: new Chart(view, { title: 'Weights that ever existed', unit: 'R_s, % of the sparse weights', format: (value, exact) => (exact ? percent(value) : significant(100 * value)), log: false }),
      series: () => (view.groups ? exploration(view) : []),
    },
    {
      chart: new Chart(view, { title: 'Gradient norm', unit: 'L2 norm, before clipping', format: significant, log: false, clip: true }),
      series: () => (several ? trainSeries(view, 'grad_norm', 0) : normsOfOne(view)),
    },
    {
      chart: new Chart(view, { title: 'Weights exchanged', unit: '% of the weights kept', format: (value, exact) => (exact ? percent(value) : significant(100 * value)), log: false, zero: true }),
      series: () => exchanged(view),
    },
    {
      chart: new Chart(view, { title: 'Age of the weights', unit: 'steps since they grew', format: whole, log: false, wide: !view.groups, zero: true }),
      series: () => ages(view),
    },
  );
  return panels.map(panel => ({
    card: panel.chart.card,
    chart: panel.chart,
    draw: () => panel.chart.show(panel.series(), marks(view)),
  }));
}

/** Training and validation of a single run, in two colours. */
function lossOfOne(view) {
  const named = (line, i) => ({ ...line, colour: runColour(i + 1) });
  const training = trainSeries(view, 'loss', view.weight).map(line => ({ ...line, name: line.main ? 'training' : '' }));
  const validation = evalSeries(view, 'loss').map((line, i) => named({ ...line, name: `validation${line.name ? ` ${line.name}` : ''}` }, i));
  return [...training, ...validation];
}

/** The norm of all gradients of a single run, and its parts. */
function normsOfOne(view) {
  const parts = [['grad_norm', 'all'], ['grad_norm_sparse', 'sparse layers'], ['grad_norm_dense', 'the others']];
  const split = view.shown.some(run => run.train.grad_norm_sparse.some(known));
  return parts.flatMap(([column, name], i) =>
    trainSeries(view, column, 0).map(line => ({ ...line, name: split ? name : line.name, colour: runColour(i) })));
}

/** The in-time over-parameterisation rate of the methods that change their masks. */
const exploration = view => groupSeries(view, run => ({ x: run.updates, y: run.updates.explored }), 0);

/** How old the weights are: of a single run the middle and the span of four fifths, of several the median. */
function ages(view) {
  if (view.groups) return groupSeries(view, run => ({ x: run.updates, y: run.updates.age_median }), 0);
  const one = view.runs.length === 1;
  return view.shown.flatMap(run => {
    const x = run.updates[view.axis];
    const line = (name, column, more = {}) => ({ name, colour: run.colour, x, y: run.updates[column], main: true, ...more });
    if (!one) return [line(run.label, 'age_median', { points: true })];
    return [
      line('median, 10 % to 90 %', 'age_median', { points: true, low: run.updates.age_p10, high: run.updates.age_p90 }),
      line('mean', 'age_mean', { dash: [5, 4] }),
    ];
  });
}

/** What each mask update grew and dropped; of several runs what it grew. */
function exchanged(view) {
  const share = (run, column) => run.updates[column].map((value, i) => (run.updates.kept[i] ? value / run.updates.kept[i] : null));
  if (view.groups) return groupSeries(view, run => ({ x: run.updates, y: share(run, 'grown') }), 0);
  const one = view.runs.length === 1;
  return view.shown.flatMap(run => {
    const x = run.updates[view.axis];
    const grown = { name: one ? 'grown' : run.label, colour: one ? colour('grown') : run.colour, x, y: share(run, 'grown'), main: true, points: true };
    const dropped = { name: 'dropped', colour: colour('dropped'), x, y: share(run, 'dropped'), main: true, points: true, dash: [5, 4] };
    return one ? [grown, dropped] : [grown];
  });
}
