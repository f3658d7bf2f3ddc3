package dev.filigree.distributed;

import dev.filigree.torch.Tensors;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** What of some tensors goes over the wire, one after another in a single tensor, and back. */
final class FlatTensors implements AutoCloseable {
  /**
   * A tensor and which of its elements are sent.
   *
   * @param positions as {@link KeptPositions#of} gives them
   */
  record Part(Tensor tensor, Optional<Tensor> positions) {
    static Part whole(Tensor tensor) {
      return new Part(tensor, Optional.empty());
    }

    /** With references of its own. */
    Part held() {
      return new Part(
          new Tensor(tensor).retainReference(),
          positions.map(each -> new Tensor(each).retainReference()));
    }

    void letGo() {
      tensor.close();
      positions.ifPresent(Tensor::close);
    }

    long elements() {
      return positions.map(Tensor::numel).orElseGet(tensor::numel);
    }
  }

  private final List<Part> parts;
  private final Tensor flat; // [elements of all parts]

  /** Copies tensors, all of them of one device, to one of the type on the wire. */
  FlatTensors(List<Part> parts, ScalarType type) {
    this.parts = parts.stream().map(Part::held).toList();
    long elements = parts.stream().mapToLong(Part::elements).sum();
    flat =
        new Tensor(Tensors.emptyBeside(parts.getFirst().tensor(), type, elements))
            .retainReference();
    long offset = 0;
    for (Part part : parts) {
      Tensor here = flat.narrow(0, offset, part.elements());
      Tensor source = part.tensor().detach();
      here.copy_(part.positions().map(source::take).orElseGet(() -> source.reshape(-1)));
      offset += part.elements();
    }
  }

  Tensor flat() {
    return flat;
  }

  /** Copies what lies in {@link #flat} now back to where it came from. */
  void copyBack() {
    copyBack(_ -> true);
  }

  /** The same for some of the parts, by their number. */
  void copyBack(IntPredicate which) {
    long offset = 0;
    for (int i = 0; i < parts.size(); i++) {
      Part part = parts.get(i);
      if (which.test(i)) {
        copyBack(part, flat.narrow(0, offset, part.elements()));
      }
      offset += part.elements();
    }
  }

  private static void copyBack(Part part, Tensor values) {
    Tensor target = part.tensor().detach();
    if (part.positions().isPresent()) {
      target.put_(part.positions().get(), values.to(target.scalar_type()));
    } else {
      target.copy_(values.view(Tensors.shape(target)));
    }
  }

  @Override
  public void close() {
    flat.close();
    parts.forEach(Part::letGo);
  }
}
