'use strict';

// What is said in words and figures: the head of the page, tables, where runs come from.

const STATES = { running: 'running', stopped: 'stopped', completed: 'completed', interrupted: 'interrupted', 'early stop': 'stopped early' };

/** A frozen page does not know what became of a run that went on. */
const goesOn = run => run.state === 'running' && !DATA.made;

const stateMark = run => element('span', { class: `state ${goesOn(run) ? 'running' : run.state === 'stopped' ? 'quiet' : ''}` }, run.state === 'running' && !goesOn(run) ? 'not ended when this was made' : STATES[run.state] ?? run.state);

const start = run => run.starts[0] ?? {};
const newest = run => last(run.starts) ?? {};
const endOr = (run, key, otherwise) => (known(run.end[key]) ? run.end[key] : otherwise);

/** The figures at the head of a run: those of its end, else the newest. */
function figures(run) {
  const first = Object.values(run.evals)[0];
  const evalLoss = endOr(run, 'eval_loss', first ? last(first.loss) : null);
  const speeds = finite(run.train.speed);
  return {
    step: endOr(run, 'steps', last(run.train.step)),
    lastStep: newest(run).last_step,
    positions: endOr(run, `${run.unit}s`, last(run.train.positions)),
    seconds: endOr(run, 'wall_seconds', last(run.train.seconds) ?? run.end.seconds),
    trainLoss: endOr(run, 'train_loss', last(run.train.loss)),
    evalLoss,
    perplexity: run.unit === 'token' && known(evalLoss) ? Math.exp(evalLoss) : null,
    accuracy: endOr(run, 'accuracy', first ? last(first.accuracy) : null),
    bitsPerByte: endOr(run, 'bits_per_byte', first ? last(first.bits_per_byte) : null),
    sparsity: endOr(run, 'sparsity', last(run.train.sparsity)),
    target: run.end.target_sparsity,
    speed: endOr(run, `${run.unit}s_per_second`, speeds.length ? speeds.slice(-50).reduce((a, b) => a + b, 0) / Math.min(50, speeds.length) : null),
    memory: run.end.peak_memory_bytes,
  };
}

/** Seconds to the last step at the pace of the newest rows; null where that is not known. */
function timeLeft(run) {
  const { step, seconds } = run.train;
  const to = newest(run).last_step;
  const from = Math.max(0, step.length - 50);
  const steps = last(step) - step[from];
  if (!goesOn(run) || !known(to) || !(steps > 0) || !known(last(seconds)) || !known(seconds[from])) return null;
  return ((to - last(step)) * (last(seconds) - seconds[from])) / steps;
}

/** How far a run is: a bar, the time left. */
function progress(run) {
  const { step, lastStep } = figures(run);
  if (!goesOn(run) || !known(lastStep) || !lastStep) return null;
  const left = timeLeft(run);
  const bar = element('i', {});
  bar.style.width = `${Math.min(100, (100 * (step ?? 0)) / lastStep)}%`;
  return element(
    'div',
    { class: 'progress' },
    element('b', {}, known(left) ? `${duration(Math.round(left))} left` : 'starting'),
    element('span', { class: 'bar' }, bar),
    element('span', {}, `step ${count(step ?? 0)} of ${count(lastStep)}`),
  );
}

function tile(name, value, note) {
  return value === DASH ? null : element('div', { class: 'tile' }, element('span', {}, name), element('b', {}, value), element('em', {}, note && !note.includes(DASH) ? note : ''));
}

/** The figures of a single run. */
function tiles(run) {
  const f = figures(run);
  const unit = run.unit === 'position' ? 'the network’s own' : `nats a ${run.unit}`;
  const shown = [
    tile('Validation loss', fixed(f.evalLoss, 4), unit),
    tile('Training loss', fixed(f.trainLoss, 4), `${unit}, last step`),
    tile('Perplexity', perplexity(f.perplexity), 'a token, validation'),
    tile('Accuracy', percent(f.accuracy), 'validation'),
    tile('Bits per byte', fixed(f.bitsPerByte, 3), 'validation'),
    tile('Sparsity', percent(f.sparsity), known(f.target) ? `target: ${percent(f.target)}` : 'counted'),
    tile(`${sentence(run.unit)}s a second`, compact(f.speed), `${compact(f.positions)} ${run.unit}s in all`),
    tile('Steps', count(f.step), duration(f.seconds)),
    tile('Peak memory', bytes(f.memory), 'resident'),
  ].filter(Boolean);
  return shown.length ? element('section', { class: 'card tiles' }, shown) : null;
}

/** A row for each of several runs; its swatch shows and hides it. */
function runTable(view) {
  const columns = ['run', 'state', 'step', 'training loss', 'validation loss', view.unit === 'token' ? 'perplexity' : view.unit === 'picture' ? 'accuracy' : null, 'sparsity', `${view.unit}s / s`, 'time'].filter(Boolean);
  const rows = view.runs.map(run => {
    const f = figures(run);
    const quality = view.unit === 'token' ? perplexity(f.perplexity) : view.unit === 'picture' ? percent(f.accuracy) : null;
    const cells = [stateMark(run), count(f.step), fixed(f.trainLoss, 4), fixed(f.evalLoss, 4), quality, percent(f.sparsity), compact(f.speed), duration(f.seconds)].filter(cell => cell !== null);
    return element(
      'tr',
      { class: view.hidden.has(run.name) ? 'hidden' : '' },
      element('td', {}, view.groups ? [mark(run.colour), link(run)] : swatch(view, run.name, run.colour, run.label), run.tags.map(tag => element('span', { class: 'tag' }, tag))),
      cells.map(cell => element('td', {}, cell)),
    );
  });
  return card('Runs', null, element('div', { class: 'scroll' }, element('table', {}, element('thead', {}, element('tr', {}, columns.map(name => element('th', {}, name)))), element('tbody', {}, rows))));
}

function swatch(view, name, shade, text) {
  const mark = element('i', {});
  mark.style.background = shade;
  return element('button', { class: 'swatch', type: 'button', title: 'show or hide', 'aria-pressed': String(!view.hidden.has(name)), onclick: () => view.toggle(name) }, mark, text);
}

/** The colour of a run that is shown and hidden with its method. */
function mark(shade) {
  const square = element('i', {});
  square.style.background = shade;
  return element('span', { class: 'swatch' }, square);
}

/** The page of a run, where the page of a comparison stands beside its runs' folders. */
const link = run => (run.link ? element('a', { href: run.link }, run.name) : element('span', {}, run.name));

/** The methods of a comparison: what came of each over its seeds, and how far it is from others. */
function groupTable(view) {
  const mean = (estimate, format) => (estimate ? format(estimate.mean) : DASH);
  const columns = [
    ['seeds', s => String(s.seeds)],
    ['sparsity', s => mean(s.counted_sparsity, percent)],
    ['validation loss', s => (s.diverged ? `${s.diverged} of ${s.seeds} diverged` : estimated(s.validation_loss, value => fixed(value, 4)))],
    ['to static', s => difference(s.difference_to_static)],
    ['to small dense', s => difference(s.difference_to_small_dense)],
    ['perplexity', s => mean(s.perplexity, perplexity)],
    ['accuracy', s => estimated(s.accuracy, percent)],
    ['bits per byte', s => mean(s.bits_per_byte, value => fixed(value, 4))],
    ['FLOPs', s => mean(s.training_flops, value => value.toExponential(2).replace('e+', 'e'))],
    ['time', s => mean(s.seconds, duration)],
    ['peak memory', s => mean(s.peak_memory_bytes, bytes)],
  ].map(([name, of]) => ({ name, cells: view.groups.map(group => of(group.summary)) }));
  const shown = columns.filter(column => column.cells.some(cell => cell !== DASH));
  const rows = view.groups.map((group, i) =>
    element('tr', { class: view.hidden.has(group.name) ? 'hidden' : '' }, element('td', {}, swatch(view, group.name, group.colour, group.name)), shown.map(column => element('td', {}, column.cells[i]))));
  const oneSeed = view.groups.some(group => group.summary.seeds === 1);
  return card(
    'Methods',
    'means over the seeds',
    element('div', { class: 'scroll pinned' }, element('table', {}, element('thead', {}, element('tr', {}, element('th', {}, 'method'), shown.map(column => element('th', {}, column.name)))), element('tbody', {}, rows))),
    element('p', { class: 'remark' }, `Losses are ± standard error. “To static” and “to small dense” are differences of the validation loss, seed by seed, with their 95 % interval by Student’s t; bold where it does not hold 0, and negative is better.${oneSeed ? ' One seed: no interval.' : ''} Charts show the mean of the seeds, a band from the least to the greatest of them, and each seed as a thin line.`),
  );
}

/** A mean with its standard error, where there are several seeds. */
function estimated(estimate, format) {
  if (!estimate) return DASH;
  return known(estimate.standard_error) ? `${format(estimate.mean)} ± ${format(estimate.standard_error)}` : format(estimate.mean);
}

/** A paired difference; the method that the others are held to has none. */
function difference(paired) {
  if (!paired || !known(paired.mean)) return DASH;
  const value = signed(paired.mean);
  if (!known(paired.low_95)) return value;
  const clear = paired.low_95 > 0 || paired.high_95 < 0;
  return element('span', { title: `to ${paired.reference}, ${paired.pairs} pairs` }, element(clear ? 'b' : 'span', {}, value), element('small', {}, `${signed(paired.low_95)} to ${signed(paired.high_95)}`));
}

/** What was the same for all methods, in words. */
const comparedHow = sentences => card('What was equal', null, sentences?.length ? element('ul', { class: 'sentences' }, sentences.map(text => element('li', {}, text))) : null);

/** What differs between the configurations of several runs, and, folded, what is the same in all. */
function settingTables(view) {
  const keys = [...new Set(view.runs.flatMap(run => Object.keys(run.settings)))].sort();
  if (view.runs.length < 2 || !keys.length) return [];
  const values = key => view.runs.map(run => run.settings[key] ?? '');
  const different = keys.filter(key => new Set(values(key)).size > 1);
  const equal = keys.filter(key => !different.includes(key) && !key.startsWith('filigree.notes'));
  const differences = element('table', { class: 'settings' },
    element('thead', {}, element('tr', {}, element('th', {}, 'setting'), view.runs.map(run => headOf(run)))),
    element('tbody', {}, different.map(key => element('tr', {}, element('td', {}, key), values(key).map(value => element('td', {}, value || DASH))))));
  return [
    different.length ? card('What differs', 'between the configurations', element('div', { class: 'scroll' }, differences)) : card('What differs', null, element('p', {}, 'The configurations are the same.')),
    folded('Equal settings', `${equal.length} of them, the same in all ${view.runs.length} runs`, element('table', { class: 'settings' }, element('tbody', {}, equal.map(key => element('tr', {}, element('td', {}, key), element('td', {}, view.runs[0].settings[key])))))),
  ];
}

function headOf(run) {
  const cell = element('th', {}, run.label ?? run.name);
  cell.style.color = run.colour;
  return cell;
}

/** Where, when and with what a run was made. */
function provenance(view) {
  const text = value => (value === null || value === undefined || value === '' ? null : String(value));
  const of = run => {
    const began = start(run);
    const resumed = run.starts.filter(row => row.event === 'resume');
    const facts = [
      ['folder', text(run.folder)],
      ['model', began.model ? `${began.model}, ${compact(began.parameters)} parameters` : null],
      ['device', text(newest(run).device ?? run.end.device)],
      ['execution', text(newest(run).execution ?? run.end.execution)],
      ['started', began.event === 'start' ? text(began.time) : null],
      ['resumed', resumed.length ? resumed.map(row => `${row.time} at step ${count(row.step)}`).join(', ') : null],
      ['host', text(newest(run).host)],
      ['commit', text(newest(run).commit)],
      ['versions', newest(run).versions ? Object.entries(newest(run).versions).map(([name, version]) => `${name} ${version}`).join(', ') : null],
      ['command', text(newest(run).command)],
    ].filter(([, value]) => value !== null);
    const list = element('dl', {}, facts.map(([name, value]) => [element('dt', {}, name), element('dd', { class: name === 'command' || name === 'commit' || name === 'folder' ? 'mono' : '' }, value)]));
    return view.runs.length > 1 ? element('div', { class: 'of' }, element('h3', {}, run.name), list) : list;
  };
  const made = view.runs.map(of);
  return view.runs.length > 3 ? folded('Where they come from', null, made) : card(view.runs.length > 1 ? 'Where they come from' : 'Where it comes from', null, made);
}

/** A text of each run that has one. */
function texts(view, title, key, fold) {
  const having = view.runs.filter(run => run[key]);
  const shown = having.map(run => [view.runs.length > 1 ? element('h3', {}, run.name) : null, element('pre', {}, run[key])]);
  return fold ? folded(title, null, shown) : card(title, null, shown);
}

/** The pictures of masks of a single run. */
function masks(view) {
  if (view.runs.length > 1) return null;
  const key = name => element('span', { class: 'key' }, element('i', { class: `fill ${name}` }), name);
  const all = view.runs[0].masks.map(mask => [
    element('h3', { class: 'mono' }, mask.parameter, element('small', {}, mask.shape)),
    element('div', { class: 'masks' }, mask.pictures.map(picture => {
      const image = element('img', { alt: picture.caption, src: `data:image/png;base64,${picture.png}` });
      image.style.width = `min(100%, ${Math.round((420 * picture.width) / picture.height)}px)`;
      return element('figure', {}, image, element('figcaption', {}, picture.caption));
    })),
  ]);
  return all.length ? card('Masks', null, element('div', { class: 'legend' }, key('kept'), key('grown'), key('dropped')), all) : null;
}
