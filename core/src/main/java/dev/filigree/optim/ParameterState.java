package dev.filigree.optim;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The state tensors of one parameter by name. The map holds references of its own, which live until
 * they are replaced or removed, whatever pointer scope the tensors were made in. A replaced tensor
 * is freed at the end of the pointer scope around the replacement.
 */
class ParameterState extends AbstractMap<String, Tensor> {
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();

  /** Called after an entry was set or removed. */
  void changed() {}

  @Override
  public @Nullable Tensor get(@Nullable Object name) {
    return tensors.get(name);
  }

  // The inherited test walks over all entries; this one runs several times a step and parameter.
  @Override
  public boolean containsKey(@Nullable Object name) {
    return tensors.containsKey(name);
  }

  @Override
  public @Nullable Tensor put(String name, Tensor tensor) {
    Tensor held = new Tensor(tensor).retainReference();
    Tensor replaced = release(tensors.put(name, held));
    changed();
    return replaced;
  }

  /** Hands a tensor over to the current scope, so that the caller can still read it. */
  private static @Nullable Tensor release(@Nullable Tensor tensor) {
    PointerScope scope = PointerScope.getInnerScope();
    if (tensor != null && scope != null) {
      scope.attach(tensor);
      tensor.releaseReference();
    }
    return tensor;
  }

  @Override
  public Set<Entry<String, Tensor>> entrySet() {
    return new AbstractSet<>() {
      @Override
      public int size() {
        return tensors.size();
      }

      @Override
      public Iterator<Entry<String, Tensor>> iterator() {
        Iterator<Entry<String, Tensor>> entries = tensors.entrySet().iterator();
        return new Iterator<>() {
          private @Nullable Tensor last;

          @Override
          public boolean hasNext() {
            return entries.hasNext();
          }

          @Override
          public Entry<String, Tensor> next() {
            Entry<String, Tensor> entry = entries.next();
            last = entry.getValue();
            return new SimpleEntry<>(entry) {
              private static final long serialVersionUID = 1;

              @Override
              public Tensor setValue(Tensor tensor) {
                put(entry.getKey(), tensor);
                return super.setValue(tensor);
              }
            };
          }

          @Override
          public void remove() {
            entries.remove();
            release(last);
            changed();
          }
        };
      }
    };
  }
}
