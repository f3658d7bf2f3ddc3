// The values under the pointer, for every line chart of the page.
for (const chart of document.querySelectorAll('svg[data-plot]')) {
  const [top, bottom] = chart.dataset.plot.split(' ');
  const lines = [...chart.querySelectorAll('.line:not(.faint)')].map(path => ({
    name: path.dataset.name,
    x: path.getAttribute('d').slice(1).split('L').map(parseFloat),
    labels: path.dataset.labels.split(';').map(label => label.split('|')),
  }));
  const tip = document.createElement('div');
  tip.className = 'tip';
  tip.hidden = true;
  chart.parentElement.append(tip);
  const cursor = document.createElementNS(chart.namespaceURI, 'line');
  cursor.setAttribute('class', 'cursor');
  cursor.setAttribute('y1', top);
  cursor.setAttribute('y2', bottom);
  const hide = () => { tip.hidden = true; cursor.remove(); };
  chart.addEventListener('pointerleave', hide);
  chart.addEventListener('pointermove', event => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(chart.getScreenCTM().inverse()).x;
    const near = line => line.x.reduce((best, x, i) => Math.abs(x - at) < Math.abs(line.x[best] - at) ? i : best, 0);
    const found = lines.map(line => [line, near(line)]);
    if (!found.length) return;
    const [first, index] = found.reduce((a, b) => Math.abs(b[0].x[b[1]] - at) < Math.abs(a[0].x[a[1]] - at) ? b : a);
    tip.replaceChildren(`step ${first.labels[index][0]}`);
    for (const [line, i] of found) {
      tip.append(document.createElement('br'), `${line.name} ${line.labels[i][1]}`);
    }
    tip.hidden = false;
    cursor.setAttribute('x1', first.x[index]);
    cursor.setAttribute('x2', first.x[index]);
    chart.append(cursor);
    const card = chart.parentElement.getBoundingClientRect();
    const left = event.clientX - card.left;
    tip.style.left = `${left + tip.offsetWidth + 24 > card.width ? left - tip.offsetWidth - 14 : left + 14}px`;
    tip.style.top = `${event.clientY - card.top + 10}px`;
  });
}
