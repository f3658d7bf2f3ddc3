package dev.filigree.config;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * A list of nodes.
 *
 * @param location where the list stands
 * @param items the nodes in order; copied
 */
public record ConfigList(Location location, List<ConfigNode> items)
    implements ConfigNode, Iterable<ConfigNode> {
  /** A list with a copy of the items. */
  public ConfigList {
    items = List.copyOf(items);
  }

  @Override
  public Iterator<ConfigNode> iterator() {
    return items.iterator();
  }

  @Override
  public Object toJava() {
    var list = new ArrayList<Object>();
    items.forEach(item -> list.add(item.toJava()));
    return list;
  }

  @Override
  public String kind() {
    return "a list";
  }
}
