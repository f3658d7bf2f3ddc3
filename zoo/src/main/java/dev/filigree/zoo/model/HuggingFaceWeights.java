package dev.filigree.zoo.model;

import dev.filigree.safetensors.SafetensorsException;
import dev.filigree.safetensors.SafetensorsFolder;
import dev.filigree.torch.Tensors;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * The weights of a folder in Hugging Face's layout, read one by one under the names of a network's
 * tensors, so that they are never in memory together.
 */
public final class HuggingFaceWeights implements AutoCloseable {
  private final SafetensorsFolder files;
  private final StoredTensors stored;
  private final Map<String, HuggingFaceTensor> byParameter = new HashMap<>();

  private HuggingFaceWeights(SafetensorsFolder files, StoredTensors stored) {
    this.files = files;
    this.stored = stored;
    for (HuggingFaceTensor tensor : stored.tensors()) {
      tensor.parameters().forEach(name -> byParameter.put(name, tensor));
    }
  }

  /**
   * Opens a folder and holds its tensors against a network's.
   *
   * @param notes takes a line for everything in the folder that is not used
   * @throws SafetensorsException for bad files, tensors that are missing or of another shape, that
   *     are no weights of floating point, or that the network does not have
   */
  public static HuggingFaceWeights open(Path folder, ModelConfig config, List<String> notes) {
    SafetensorsFolder files = SafetensorsFolder.open(folder);
    try {
      return new HuggingFaceWeights(files, StoredTensors.of(folder, config, files, notes));
    } catch (RuntimeException e) {
      files.close();
      throw e;
    }
  }

  /**
   * Reads one tensor of the network.
   *
   * @param name of a parameter or buffer
   * @return a new tensor on the CPU, of the type that is stored
   * @throws SafetensorsException when there is none of that name, or it cannot be read
   */
  public Tensor read(String name) {
    HuggingFaceTensor tensor = byParameter.get(name);
    if (tensor == null) {
      throw new SafetensorsException("there is no tensor '" + name + "'");
    }
    return Tensors.scoped(
        () -> {
          List<Tensor> parts = tensor.layout().unpack(stored.read(tensor));
          Tensor part = parts.get(tensor.parameters().indexOf(name));
          return parts.size() == 1 ? part.contiguous() : part.clone();
        });
  }

  /**
   * Reads every tensor of the network, one after the other.
   *
   * @param target takes each by its name; the tensor is freed afterwards
   */
  public void forEach(BiConsumer<String, Tensor> target) {
    for (HuggingFaceTensor tensor : stored.tensors()) {
      try (var _ = new PointerScope();
          var _ = new NoGradGuard()) {
        List<Tensor> parts = tensor.layout().unpack(stored.read(tensor));
        for (int i = 0; i < parts.size(); i++) {
          target.accept(tensor.parameters().get(i), parts.get(i));
        }
      }
    }
  }

  @Override
  public void close() {
    files.close();
  }
}
