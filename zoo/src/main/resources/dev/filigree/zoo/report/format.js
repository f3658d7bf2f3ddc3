'use strict';

// Numbers as people read them, the same everywhere, and elements made from text, never from markup.

const DASH = '–';
const known = value => value !== null && value !== undefined && Number.isFinite(value);

/** Three significant digits, without zeros at the end: 0.00025, 1.5, 120. */
function significant(value) {
  if (!known(value)) return DASH;
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-3) return value.toExponential(2).replace(/\.?0*e/, 'e');
  const text = value.toFixed(Math.max(0, 2 - Math.floor(Math.log10(size))));
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

const fixed = (value, digits) => (known(value) ? value.toFixed(digits) : DASH);
/** Two digits after the point below a thousand, three digits above. */
const perplexity = value => (known(value) && value < 1000 ? fixed(value, 2) : compact(value));
const percent = value => (known(value) ? `${(100 * value).toFixed(2)} %` : DASH);
const shortPercent = value => (known(value) ? `${significant(100 * value)} %` : DASH);
const whole = value => (known(value) ? Math.round(value).toLocaleString('en-US') : DASH);

/** Three digits and a magnitude: 1234567 as 1.23 M. */
function compact(value) {
  if (!known(value)) return DASH;
  let scaled = value;
  let magnitude = 0;
  while (Math.abs(scaled) >= 999.5 && magnitude < 4) {
    scaled /= 1000;
    magnitude++;
  }
  return magnitude ? `${significant(scaled)} ${'kMGT'[magnitude - 1]}` : significant(scaled);
}

/** Operations: 2.5e14. */
const operations = value =>
  !known(value) ? DASH : value === 0 ? '0' : value.toExponential(2).replace(/\.?0*e\+?/, 'e');

/** A difference of losses, with its sign. */
const signed = value => (known(value) ? `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}` : DASH);

const count = value =>
  known(value) && Math.abs(value) < 1e6 && Number.isInteger(value) ? whole(value) : compact(value);

function bytes(value) {
  if (!known(value)) return DASH;
  const unit = Math.min(4, Math.max(0, Math.floor(Math.log2(Math.max(1, value)) / 10)));
  return `${significant(value / 1024 ** unit)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][unit]}`;
}

/** Seconds as hours, minutes and seconds. */
function duration(seconds) {
  if (!known(seconds)) return DASH;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const all = Math.round(seconds);
  const hours = Math.floor(all / 3600);
  const minutes = Math.floor(all / 60) % 60;
  if (hours >= 48) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  return hours ? `${hours} h ${minutes} min` : `${minutes} min ${all % 60} s`;
}

/** Seconds as a clock, for an axis: 0:05, 12:30, 1:02:03. */
function clock(seconds) {
  if (!known(seconds)) return DASH;
  const all = Math.round(seconds);
  const two = number => String(number).padStart(2, '0');
  const hours = Math.floor(all / 3600);
  const minutes = Math.floor(all / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(all % 60)}` : `${minutes}:${two(all % 60)}`;
}

const sentence = words => words.charAt(0).toUpperCase() + words.slice(1);
const last = values => (values && values.length ? values[values.length - 1] : null);

/** An element with properties and children; a child that is text becomes a text node. */
function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'class') made.className = value;
    else if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.flat(3).filter(child => child !== null && child !== undefined));
  return made;
}

/** A card with a title, a unit or remark beside it, and what it shows; null for nothing. */
function card(title, remark, ...content) {
  const shown = content.flat(3).filter(Boolean);
  if (!shown.length) return null;
  return element(
    'section',
    { class: 'card' },
    element('h2', {}, title, remark ? element('small', {}, remark) : null),
    shown,
  );
}

/** A card that opens at a click. */
function folded(title, remark, ...content) {
  const shown = content.flat(3).filter(Boolean);
  if (!shown.length) return null;
  return element(
    'section',
    { class: 'card' },
    element(
      'details',
      {},
      element('summary', {}, title, remark ? element('small', {}, remark) : null),
      shown,
    ),
  );
}

/** A colour of the page's theme. */
const colour = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const COLOURS = 8;
const runColour = index => colour(`s${(index % COLOURS) + 1}`);
const runClass = index => `s${(index % COLOURS) + 1}`;
