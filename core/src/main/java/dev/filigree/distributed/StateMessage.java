package dev.filigree.distributed;

import dev.filigree.io.Json;
import dev.filigree.torch.Tensors;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The optimizer state of one parameter on its way to the first replica: what it is, then tensors.
 */
final class StateMessage {
  private StateMessage() {}

  /**
   * What a tensor is.
   *
   * @param name of the state, such as {@code exp_avg}
   * @param type libtorch's name of its elements
   * @param besideParameter whether it lies on the parameter's device; else in memory
   */
  record Heading(String name, String type, List<Long> shape, boolean besideParameter) {}

  static void send(Map<String, Tensor> state, ReplicaGroup group) {
    var headings = new ArrayList<Heading>();
    state.forEach(
        (name, tensor) ->
            headings.add(
                new Heading(
                    name, Tensors.type(tensor).name(), tensorShape(tensor), !tensor.is_cpu())));
    byte[] text = Json.line(headings.toArray(new Heading[0])).getBytes(StandardCharsets.UTF_8);
    Tensor length = Tensors.int64(1);
    Tensors.segment(length).set(ValueLayout.JAVA_LONG, 0, text.length);
    group.send(length, 0);
    Tensor bytes = bytes(text.length);
    Tensors.segment(bytes).copyFrom(MemorySegment.ofArray(text));
    group.send(bytes, 0);
    state.values().stream()
        .filter(tensor -> tensor.numel() > 0)
        .forEach(tensor -> group.send(tensor.contiguous(), 0));
  }

  private static List<Long> tensorShape(Tensor tensor) {
    return Arrays.stream(Tensors.shape(tensor)).boxed().toList();
  }

  private static Tensor bytes(long count) {
    return torch.empty(
        new long[] {count}, new TensorOptions(ScalarType.Byte), new MemoryFormatOptional());
  }

  /** The state, with references of its own; the receiver closes them. */
  static Map<String, Tensor> receive(Tensor parameter, ReplicaGroup group, int from) {
    var state = new LinkedHashMap<String, Tensor>();
    try (var _ = new PointerScope()) {
      Tensor length = Tensors.int64(1);
      group.receive(length, from);
      Tensor text = bytes(Tensors.segment(length).get(ValueLayout.JAVA_LONG, 0));
      group.receive(text, from);
      for (Heading heading : headings(Tensors.segment(text).toArray(ValueLayout.JAVA_BYTE))) {
        long[] shape = heading.shape().stream().mapToLong(Long::longValue).toArray();
        ScalarType type = ScalarType.valueOf(heading.type());
        Tensor tensor =
            heading.besideParameter()
                ? Tensors.emptyBeside(parameter, type, shape)
                : torch.empty(shape, new TensorOptions(type), new MemoryFormatOptional());
        if (tensor.numel() > 0) {
          group.receive(tensor, from);
        }
        state.put(heading.name(), new Tensor(tensor).retainReference());
      }
    }
    return state;
  }

  private static Heading[] headings(byte[] text) {
    try {
      return Json.read(text, Heading[].class);
    } catch (IOException e) {
      throw new ReplicaException("another replica sent what is no optimizer state", e);
    }
  }
}
