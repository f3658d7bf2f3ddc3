'use strict';

// What a chart draws, computed from the columns of runs: a series is {name, colour, x, y} and how it
// looks. Values that are not known are null.

/** The axes that runs can be laid along. */
const AXES = {
  step: { title: () => 'step', format: count, button: () => 'steps' },
  positions: {
    title: unit => `${unit}s trained on`,
    format: compact,
    button: unit => `${unit}s`,
  },
  seconds: { title: () => 'wall time', format: clock, button: () => 'time' },
  flops: { title: () => 'training FLOPs', format: operations, button: () => 'FLOPs' },
};

/** Whether every run knows where it was along an axis. */
const hasAxis = (runs, axis) =>
  runs.every(run => run.train.step.length === 0 || (run.train[axis] ?? []).some(known));

/** An exponential moving average that forgets; weight 0 changes nothing. */
function smoothed(values, weight) {
  let average = 0;
  let share = 0;
  return values.map(value => {
    if (!known(value)) return null;
    average = weight * average + (1 - weight) * value;
    share = weight * share + (1 - weight);
    return average / share;
  });
}

/** A weight whose memory is a hundredth of the points. */
const gentleWeight = runs => {
  const points = Math.max(0, ...runs.map(run => run.train.step.length));
  return Math.round(100 * Math.min(0.98, Math.max(0, 1 - 100 / Math.max(1, points)))) / 100;
};

const finite = values => values.filter(known);

function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** Where an axis ends so that a few outliers do not flatten the rest; the greatest value if none do. */
function ceiling(values) {
  const sorted = finite(values).sort((a, b) => a - b);
  if (sorted.length < 20) return last(sorted);
  const middle = quantile(sorted, 0.5);
  const high = quantile(sorted, 0.95);
  const limit = high + 3 * (high - middle);
  return Math.min(last(sorted), limit > middle ? limit : last(sorted));
}

/** One column of the training rows of each run. */
function trainSeries(view, column, weight) {
  if (view.groups) return groupSeries(view, run => ({ x: run.train, y: run.train[column] }), weight);
  return view.shown.flatMap(run => {
    const x = run.train[view.axis];
    const y = run.train[column];
    const line = { name: run.label, colour: run.colour, x, y: smoothed(y, weight), main: true };
    return weight > 0 ? [{ name: '', colour: run.colour, x, y, faint: true }, line] : [line];
  });
}

/** One column of the evaluations of each run and set. */
function evalSeries(view, column) {
  const sets = [...new Set(view.shown.flatMap(run => Object.keys(run.evals)))];
  if (view.groups) {
    return sets.flatMap(set =>
      groupSeries(view, run => ({ x: run.evals[set], y: run.evals[set] && run.evals[set][column] }), 0, set));
  }
  return view.shown.flatMap(run =>
    Object.entries(run.evals).map(([set, rows]) => ({
      name: [run.label, set].filter(Boolean).join(' · '),
      colour: run.colour,
      x: rows[view.axis],
      y: rows[column],
      dash: sets.indexOf(set) > 0 ? [6, 4] : undefined,
      points: true,
      main: true,
    })));
}

/** The mean of each group's runs, the range of their values as a band, and each run as a thin line. */
function groupSeries(view, columns, weight, set = '') {
  return view.shownGroups.flatMap(group => {
    const runs = group.runs
      .map(columns)
      .filter(run => run.x && run.y)
      .map(run => ({ ...run, y: smoothed(run.y, weight) }));
    if (!runs.length) return [];
    const name = [group.name, set].filter(Boolean).join(' · ');
    const singles = runs.length === 1 ? [] : runs.map(run => ({
      name: '', colour: group.colour, x: run.x[view.axis], y: run.y, faint: true,
    }));
    return [...singles, { name, colour: group.colour, main: true, points: runs[0].y.length < 60, ...meanOf(runs, view.axis) }];
  });
}

/** Mean, least and greatest value at every step that all runs have; along an axis its own mean. */
function meanOf(runs, axis) {
  const at = runs.map(run => new Map(run.x.step.map((step, i) => [step, i])));
  const steps = runs[0].x.step.filter(step => at.every(index => index.has(step)));
  const rows = steps.map(step => runs.map((run, i) => [run.x[axis][at[i].get(step)], run.y[at[i].get(step)]]));
  const mean = values => (values.every(known) ? values.reduce((a, b) => a + b, 0) / values.length : null);
  const least = values => (values.every(known) ? Math.min(...values) : null);
  const most = values => (values.every(known) ? Math.max(...values) : null);
  const ys = rows.map(row => row.map(pair => pair[1]));
  return {
    x: rows.map(row => mean(row.map(pair => pair[0]))),
    y: ys.map(mean),
    low: runs.length > 1 ? ys.map(least) : undefined,
    high: runs.length > 1 ? ys.map(most) : undefined,
  };
}

/** Places along the axis to mark: resumes, and mask updates. */
function marks(view) {
  return {
    resumes: view.shown.flatMap(run =>
      run.starts
        .filter(start => start.event === 'resume')
        .map(start => ({
          x: { step: start.step, positions: start[`${run.unit}s`], seconds: start.wall_seconds, flops: start.training_flops }[view.axis],
          colour: run.colour,
        }))
        .filter(mark => known(mark.x))),
    updates: updateMarks(view),
  };
}

/** A row of marks for each colour; the seeds of a method share theirs. */
function updateMarks(view) {
  const colours = [...new Set(view.shown.filter(run => run.updates.step.length).map(run => run.colour))];
  return colours.flatMap((colour, row) => {
    const runs = view.shown.filter(run => run.colour === colour);
    const xs = new Set((view.groups ? runs.slice(0, 1) : runs).flatMap(run => run.updates[view.axis].filter(known)));
    return [...xs].map(x => ({ x, colour, row }));
  });
}
