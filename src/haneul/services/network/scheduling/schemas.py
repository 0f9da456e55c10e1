from haneul.kernel.schema import OpenBody, Text255


class NetworkToServe(OpenBody):
    network_id: Text255


class RouterToPlace(OpenBody):
    router_id: Text255
