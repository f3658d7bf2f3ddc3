package dev.filigree.nn;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.OutputArchive;
import org.bytedeco.pytorch.Tensor;

/**
 * A libtorch module that also keeps its children as Java objects: libtorch's own containers lose
 * the Java type of their elements. A layer and its parameters outlive the pointer scope they are
 * created in.
 */
public abstract class Layer extends Module {
  private final Map<String, Layer> children = new LinkedHashMap<>();

  /** A layer without children, parameters or buffers: subclasses register theirs. */
  @SuppressWarnings("this-escape") // counts a reference; nothing sees the unfinished object
  protected Layer() {
    retainReference();
  }

  /** Registers a child under a name and returns it, to be assigned to a field. */
  protected final <L extends Layer> L register(String name, L child) {
    register_module(name, child);
    children.put(name, child);
    return child;
  }

  /** Registers a trainable parameter and returns it, to be assigned to a field. */
  protected final Tensor registerParameter(String name, Tensor value) {
    // libtorch returns a reference into its own table of parameters, which moves as it grows.
    return new Tensor(register_parameter(name, value, true)).retainReference();
  }

  /**
   * Registers a tensor that belongs to the layer's state but is not trained, and returns it, to be
   * assigned to a field.
   */
  protected final Tensor registerBuffer(String name, Tensor value) {
    return new Tensor(register_buffer(name, value)).retainReference();
  }

  /**
   * Writes the parameters into libtorch's own format.
   *
   * @throws IllegalStateException while a layer is stored compressed: the file would hold vectors
   *     in the kernels' order
   */
  @Override
  public void save(OutputArchive archive) {
    requireDense("");
    super.save(archive);
  }

  private void requireDense(String path) {
    if (this instanceof Linear linear && linear.product() != null) {
      throw new IllegalStateException(
          (path.isEmpty() ? "the layer" : path.substring(1))
              + " is compressed, libtorch's format would hold a vector of its kept weights; write a"
              + " SparseCheckpoint or SparseOptimizer.denseState, or close the sparse optimizer"
              + " first");
    }
    children.forEach((name, child) -> child.requireDense(path + "." + name));
  }

  /** The direct children by name, in the order of registration. */
  public final Map<String, Layer> layers() {
    return Collections.unmodifiableMap(children);
  }
}
